using Inference;

namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>The parameters of an inference request that mean something to a server; the others are checked and left alone.</summary>
/// <remarks>
/// Custom parameters may be bool, int64, string or double. Names that begin with <c>triton_</c> are reserved.
/// </remarks>
public sealed record RequestParameters
{
    /// <summary>Asks for a last message of a stream even where it carries no tensors.</summary>
    public const string EmptyFinalResponse = "triton_enable_empty_final_response";

    private const string ReservedPrefix = "triton_";

    public static RequestParameters None { get; } = new();

    /// <value><c>timeout</c>: how long the request may take from its arrival, sent in microseconds; <see langword="null"/> when there was none, or 0.</value>
    public TimeSpan? Timeout { get; init; }

    /// <value><c>priority</c>: 1 is the highest; 0 is the model's default.</value>
    public ulong Priority { get; init; }

    /// <value><c>sequence_id</c> as a number; 0 when there was none, or it was a text. Negative ones are taken as Triton takes them, modulo 2^64.</value>
    public ulong SequenceNumber { get; init; }

    /// <value><c>sequence_id</c> as a text; empty when there was none, or it was a number.</value>
    public string SequenceText { get; init; } = "";

    /// <value><c>sequence_start</c>: whether it is the first request of its sequence.</value>
    public bool IsSequenceStart { get; init; }

    /// <value><c>sequence_end</c>: whether it is the last request of its sequence.</value>
    public bool IsSequenceEnd { get; init; }

    /// <value><c>binary_data_output</c>: whether outputs that say nothing themselves are wanted as bytes. REST only.</value>
    public bool IsOutputBinary { get; init; }

    /// <exception cref="TensorFormatException">A parameter has a value that it cannot have, or a reserved name.</exception>
    public static RequestParameters Read(IReadOnlyCollection<KeyValuePair<string, InferParameter>> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (parameters.Count == 0)
        {
            return None;
        }

        var read = new RequestParameters();
        foreach (var (name, value) in parameters)
        {
            read = read.With(name, value);
        }

        return read;
    }

    private RequestParameters With(string name, InferParameter value)
    {
        var kind = value.ParameterChoiceCase;
        switch (name)
        {
            case "sequence_id":
                return kind switch
                {
                    InferParameter.ParameterChoiceOneofCase.Int64Param => this with { SequenceNumber = unchecked((ulong)value.Int64Param) },
                    InferParameter.ParameterChoiceOneofCase.Uint64Param => this with { SequenceNumber = value.Uint64Param },
                    InferParameter.ParameterChoiceOneofCase.StringParam => this with { SequenceText = value.StringParam },
                    _ => throw WrongType(name, "int64_param or string_param"),
                };
            case "sequence_start":
                Expect(name, kind == InferParameter.ParameterChoiceOneofCase.BoolParam, "bool_param");
                return this with { IsSequenceStart = value.BoolParam };
            case "sequence_end":
                Expect(name, kind == InferParameter.ParameterChoiceOneofCase.BoolParam, "bool_param");
                return this with { IsSequenceEnd = value.BoolParam };
            case "priority":
                return this with { Priority = ReadPriority(value) };
            case "timeout":
                return this with { Timeout = ReadTimeout(value) };
            case "binary_data_output":
                Expect(name, kind == InferParameter.ParameterChoiceOneofCase.BoolParam, "bool_param");
                return this with { IsOutputBinary = value.BoolParam };
            case EmptyFinalResponse:
                // Every message of a stream says whether it is the last of its request, so there is nothing to remember.
                Expect(name, kind == InferParameter.ParameterChoiceOneofCase.BoolParam, "bool_param");
                return this;
        }

        if (name.StartsWith(ReservedPrefix, StringComparison.Ordinal))
        {
            throw new TensorFormatException(
                $"parameter keys starting with '{ReservedPrefix}' are reserved for Triton usage. Only the following keys starting with '{ReservedPrefix}' are allowed: {EmptyFinalResponse}; got '{name}'");
        }

        Expect(
            name, kind is InferParameter.ParameterChoiceOneofCase.BoolParam or InferParameter.ParameterChoiceOneofCase.Int64Param
                or InferParameter.ParameterChoiceOneofCase.StringParam or InferParameter.ParameterChoiceOneofCase.DoubleParam,
            "int64_param, bool_param, double_param or string_param");
        return this;
    }

    private static ulong ReadPriority(InferParameter value) => value.ParameterChoiceCase switch
    {
        InferParameter.ParameterChoiceOneofCase.Uint64Param => value.Uint64Param,
        InferParameter.ParameterChoiceOneofCase.Int64Param => value.Int64Param >= 0
            ? (ulong)value.Int64Param
            : throw new TensorFormatException($"invalid value for 'priority', expected value >= 0, got {value.Int64Param}."),
        _ => throw WrongType("priority", "int64_param or uint64_param"),
    };

    private static TimeSpan? ReadTimeout(InferParameter value)
    {
        Expect("timeout", value.ParameterChoiceCase == InferParameter.ParameterChoiceOneofCase.Int64Param, "int64_param");
        return value.Int64Param >= 0
            ? ToTimeout(value.Int64Param)
            : throw new TensorFormatException($"invalid value for 'timeout', expected microseconds >= 0, got {value.Int64Param}.");
    }

    /// <param name="microseconds">0 or more.</param>
    internal static TimeSpan? ToTimeout(long microseconds) => microseconds switch
    {
        0 => null,
        > long.MaxValue / TimeSpan.TicksPerMicrosecond => TimeSpan.MaxValue,
        _ => TimeSpan.FromTicks(microseconds * TimeSpan.TicksPerMicrosecond),
    };

    private static void Expect(string name, bool isExpected, string expected)
    {
        if (!isExpected)
        {
            throw WrongType(name, expected);
        }
    }

    private static TensorFormatException WrongType(string name, string expected) => new($"invalid value type for '{name}' parameter, expected {expected}.");
}

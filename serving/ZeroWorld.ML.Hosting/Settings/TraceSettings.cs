using System.Globalization;
using Grpc.Core;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>The trace extension of the inference protocol over <see cref="RequestTraces"/>: which requests are traced, for all models or for one. Where traces go is not for callers to say.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class TraceSettings(RequestTraces traces, InferencePath inference, TracingOptions options)
{
    /// <summary>The setting that has a list of values.</summary>
    public const string Level = "trace_level";
    private const string Rate = "trace_rate";
    private const string Count = "trace_count";
    private const string Off = "OFF";
    private const string Timestamps = "TIMESTAMPS";

    // Settings of trace files, which are not written here: the values that say so.
    private static readonly Dictionary<string, string> Fixed = new(StringComparer.Ordinal)
    {
        ["log_frequency"] = "0", ["trace_file"] = "", ["trace_mode"] = "opentelemetry",
    };

    /// <summary>Whether there is somewhere to send traces to.</summary>
    public bool IsEnabled { get; } = Tracing.IsConfigured(options);

    /// <summary>Every setting with its value, by name.</summary>
    /// <param name="modelName">Empty: for all models that have no setting of their own.</param>
    /// <exception cref="ProtocolFailure">There is no such model.</exception>
    public IEnumerable<KeyValuePair<string, string>> Read(string modelName)
    {
        var rule = traces.Get(ToModel(modelName));
        return Fixed.Concat(
        [
            new(Level, rule.IsOn ? Timestamps : Off),
            new(Rate, rule.Rate.ToString(CultureInfo.InvariantCulture)),
            new(Count, rule.Count.ToString(CultureInfo.InvariantCulture)),
        ]).OrderBy(static pair => pair.Key, StringComparer.Ordinal);
    }

    /// <summary>Changes all of the settings, or none when one of them is refused. A setting without a value goes back to that for all models, or to the server's own.</summary>
    /// <exception cref="ProtocolFailure">There is no such model or setting, it cannot be changed, or has another form.</exception>
    public void Change(string modelName, IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> settings)
    {
        var model = ToModel(modelName);
        var steps = settings.Select(static setting => Parse(setting.Key, setting.Value)).ToList();
        if (!IsEnabled && steps.Exists(static step => step(default).IsOn == true))
        {
            throw new ProtocolFailure(
                StatusCode.FailedPrecondition, $"Requests cannot be traced: {TracingOptions.Section}:{nameof(TracingOptions.Endpoint)} names no collector that would take the traces.");
        }

        if (steps.Count > 0)
        {
            traces.Change(model, change => steps.Aggregate(change, static (before, step) => step(before)));
        }
    }

    private static Func<TraceChange, TraceChange> Parse(string name, IReadOnlyList<string> values) => (name, values) switch
    {
        (Level, []) => static change => change with { IsOn = null },
        (Level, [Off]) => static change => change with { IsOn = false },
        (Level, [Timestamps]) => static change => change with { IsOn = true },
        (Level, _) when values.Contains("TENSORS") => throw Refuse(StatusCode.Unimplemented, "Tensors are not traced here: 'trace_level' may be OFF or TIMESTAMPS."),
        (Level, _) => throw Refuse(StatusCode.InvalidArgument, $"'{name}' is '{string.Join(", ", values)}'; expected OFF or TIMESTAMPS"),
        (Rate, []) => static change => change with { Rate = null },
        (Rate, [var text]) when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var rate) && rate > 0 => change => change with { Rate = rate },
        (Rate, _) => throw Refuse(StatusCode.InvalidArgument, $"'{name}' is '{string.Join(", ", values)}'; expected a whole number of 1 or more"),
        (Count, []) => static change => change with { Count = null },
        (Count, [var text]) when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var count) && count >= -1 => change => change with { Count = count },
        (Count, _) => throw Refuse(StatusCode.InvalidArgument, $"'{name}' is '{string.Join(", ", values)}'; expected a whole number of 0 or more, or -1 for no end"),
        ("trace_file", [not ""]) => throw Refuse(StatusCode.Unimplemented, "trace file location can not be updated through network protocol"),
        _ when Fixed.TryGetValue(name, out var value) => values.Count == 0 || (values.Count == 1 && values[0] == value)
            ? static change => change
            : throw Refuse(StatusCode.Unimplemented, $"Trace files are not written here: '{name}' is '{value}' and stays so, got '{string.Join(", ", values)}'"),
        _ => throw Refuse(StatusCode.InvalidArgument, $"There is no trace setting '{name}'; expected one of {Level}, {Rate}, {Count}, {string.Join(", ", Fixed.Keys)}"),
    };

    private ModelName? ToModel(string name)
    {
        if (name.Length == 0)
        {
            return null;
        }

        return inference.IsReady(name, "") && ModelName.TryParse(name, out var model)
            ? model
            : throw Refuse(StatusCode.InvalidArgument, $"Request for unknown model : {name}");
    }

    private static ProtocolFailure Refuse(StatusCode code, string message) => new(code, message);
}

using System.Collections.Frozen;
using Grpc.Core;

namespace ZeroWorld.ML.Hosting;

/// <summary>The trace extension of the inference protocol: this server writes no traces of that kind, says so, and takes no setting that would ask for them.</summary>
internal static class TraceSettings
{
    /// <summary>The setting that has a list of values.</summary>
    public const string Level = "trace_level";

    private static readonly FrozenDictionary<string, string> Values = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["trace_file"] = "",
        [Level] = "OFF",
        ["trace_rate"] = "1000",
        ["trace_count"] = "-1",
        ["log_frequency"] = "0",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Every setting with its value, by name.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Read() => Values.OrderBy(static pair => pair.Key, StringComparer.Ordinal);

    /// <summary>Accepts what is in force already; a setting without a value goes back to that, too.</summary>
    /// <exception cref="ProtocolFailure">Anything else.</exception>
    public static void Change(IEnumerable<KeyValuePair<string, IReadOnlyList<string>>> settings)
    {
        foreach (var (name, values) in settings)
        {
            if (!Values.TryGetValue(name, out var value))
            {
                throw new ProtocolFailure(StatusCode.InvalidArgument, $"There is no trace setting '{name}'; expected one of {string.Join(", ", Values.Keys.Order(StringComparer.Ordinal))}");
            }

            if (values.Count > 0 && (values.Count > 1 || values[0] != value))
            {
                throw new ProtocolFailure(
                    StatusCode.Unimplemented, $"Trace files cannot be written here: '{name}' is '{value}' and stays so, got '{string.Join(", ", values)}'");
            }
        }
    }
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>How decisions, dead letters, review cases and verdicts are written: one JSON object a line, snake case.</summary>
public static class ModerationJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}

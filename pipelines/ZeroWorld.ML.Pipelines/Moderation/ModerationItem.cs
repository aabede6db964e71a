using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Pipelines.Moderation;

/// <summary>A piece of content to decide about.</summary>
/// <param name="Id">Of the content; 1 to 512 characters. What arrives twice with one id is decided once.</param>
/// <param name="Text">What was said.</param>
/// <param name="Language">ISO 639 code, or empty for unknown.</param>
/// <param name="Surface">Where it stands (comment, profile...), or empty.</param>
public sealed record ModerationItem(string Id, string Text, string Language, string Surface)
{
    /// <summary>Longest text, in UTF-16 code units: beyond it an item is no content but an attack.</summary>
    public const int TextLengthMax = 16 << 20;

    private const int NameLengthMax = 512;
    private static readonly string[] Further = ["language", "surface"];

    // Of two ids readers take one or the other.
    private static readonly JsonDocumentOptions Json = new() { AllowDuplicateProperties = false };

    /// <summary>Reads <c>{"id": "...", "text": "...", "language": "...", "surface": "..."}</c>; the last two may be absent.</summary>
    /// <returns><see langword="null"/> with the reason for a poison item.</returns>
    public static ModerationItem? TryParse(ReadOnlyMemory<byte> json, out string reason)
    {
        if (json.IsEmpty)
        {
            reason = "the item is empty; expected an object with id and text (of an entry of a stream: in its field body)";
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(json, Json);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                reason = $"the item is a JSON {root.ValueKind}; expected an object with id and text";
                return null;
            }

            var (id, text) = (Find(root, "id"), Find(root, "text"));
            if (id is null || text is null)
            {
                reason = id is null ? "id: it is absent or no string; expected a string" : "text: it is absent or no string; expected a string";
                return null;
            }

            if (Array.Find(Further, name => root.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null)) is { } wrong)
            {
                reason = $"{wrong}: it is no string; expected a string, or none";
                return null;
            }

            return TryCreate(id, text, Find(root, "language") ?? "", Find(root, "surface") ?? "", out reason);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // What the parser takes for a string and is no text, GetString refuses with InvalidOperationException.
            reason = exception is JsonException fault ? $"the item is no JSON: {JsonFault.Of(fault)}" : NoTextOf(json.Span);
            return null;
        }
    }

    /// <returns><see langword="null"/> with the reason for a poison item.</returns>
    public static ModerationItem? TryCreate(string id, string text, string language, string surface, out string reason)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(language);
        ArgumentNullException.ThrowIfNull(surface);
        reason = id.Length is 0 or > NameLengthMax ? $"id: it has {id.Length} characters; expected 1 to {NameLengthMax}"
            : text.Length > TextLengthMax ? $"text: it has {text.Length} UTF-16 code units; expected at most {TextLengthMax}"
            : language.Length > NameLengthMax || surface.Length > NameLengthMax ? $"language, surface: {language.Length} and {surface.Length} characters; expected at most {NameLengthMax}"
            : "";
        return reason.Length > 0 ? null : new ModerationItem(id, text, language, surface);
    }

    private static string NoTextOf(ReadOnlySpan<byte> json)
    {
        var place = 0;
        while (place < json.Length && Rune.DecodeFromUtf8(json[place..], out _, out var length) == OperationStatus.Done)
        {
            place += length;
        }

        return place < json.Length
            ? string.Create(CultureInfo.InvariantCulture, $"the item: byte {place} (0x{json[place]:x2}) is no part of a text in UTF-8; expected UTF-8")
            : "the item: a string has half of a surrogate pair (\\ud800 to \\udfff) without the other; expected both";
    }

    private static string? Find(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

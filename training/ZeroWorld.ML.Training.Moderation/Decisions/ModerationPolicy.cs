using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Training.Moderation;

/// <summary>What is done about which score: versioned data (docs/formats/moderation-policy.md), changed without a restart. Immutable.</summary>
public sealed record ModerationPolicy
{
    /// <value>Format of the file; 1.</value>
    public int Format { get; init; } = 1;

    public required string Name { get; init; }

    /// <value>1 or more; each change is a new one.</value>
    public required int Version { get; init; }

    /// <value>Digest of the model whose scores the thresholds are of: another model may not decide by them.</value>
    public required string Model { get; init; }

    public required IReadOnlyList<ModerationRule> Rules { get; init; }

    /// <summary>Of everything that the policy says: equal for files that differ in white space or order of properties alone.</summary>
    [JsonIgnore]
    public string ContentDigest => $"sha256:{Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this, Json)))}";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>: the message names the file, the rule, the value and what was expected.</exception>
    public static ModerationPolicy Read(string path, IReadOnlyList<string> labels)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!File.Exists(path))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"policy: '{path}' does not exist.");
        }

        return Parse(File.ReadAllBytes(path), labels, path);
    }

    /// <summary>The name of a policy that was chosen for a model anew: no other model's has it, so that its numbers are its own.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="digest">Of the model's package.</param>
    public static string NameOf(string model, string digest)
    {
        ArgumentNullException.ThrowIfNull(digest);
        const int Shown = 8;
        var hex = digest[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return $"{model}-{hex[..Math.Min(Shown, hex.Length)]}";
    }

    /// <exception cref="TrainingException"><see cref="TrainingError.InvalidInput"/>, as <see cref="Read"/>.</exception>
    public static ModerationPolicy Parse(ReadOnlySpan<byte> json, IReadOnlyList<string> labels, string source)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ModerationPolicy? policy;
        try
        {
            policy = JsonSerializer.Deserialize<ModerationPolicy>(json, Json);
        }
        catch (JsonException exception)
        {
            throw new TrainingException(TrainingError.InvalidInput, $"policy '{source}': {JsonFault.Of(exception)}; a policy has name (a text), version (a whole number), model (a digest) and rules, each with label (a text), review and block (numbers).", exception);
        }

        if (policy is null || policy.Rules is null || policy.Rules.Contains(null!))
        {
            throw new TrainingException(TrainingError.InvalidInput, $"policy '{source}': it is null; expected name, version, model and rules.");
        }

        policy.Check(labels, source);
        return policy;
    }

    public void Write(string path) => File.WriteAllBytes(path, JsonSerializer.SerializeToUtf8Bytes(this, Json));

    /// <summary>The action for a text: the strictest that any label's rule asks for.</summary>
    /// <param name="labels">Names of the scores.</param>
    /// <param name="probabilities">One per label.</param>
    /// <param name="language">Of the text; empty for unknown.</param>
    /// <param name="surface">Where it was said; empty for unknown.</param>
    /// <returns>The action, and the label whose rule asked for it; -1 where none did.</returns>
    public (ModerationAction Action, int Label) Decide(IReadOnlyList<string> labels, ReadOnlySpan<float> probabilities, string language, string surface)
    {
        ArgumentNullException.ThrowIfNull(labels);
        var (action, at) = (ModerationAction.Allow, -1);
        for (var label = 0; label < labels.Count; label++)
        {
            if (Find(labels[label], language, surface) is not { } rule)
            {
                continue;
            }

            var asked = probabilities[label] >= rule.Block ? ModerationAction.Block : probabilities[label] >= rule.Review ? ModerationAction.Review : ModerationAction.Allow;
            if (asked > action || (asked == action && action != ModerationAction.Allow && probabilities[label] > probabilities[at]))
            {
                (action, at) = (asked, label);
            }
        }

        return (action, at);
    }

    /// <summary>The rules that are asked about a text of a language on a surface: at most one per label.</summary>
    public IReadOnlyList<ModerationRule> RulesFor(IReadOnlyList<string> labels, string language, string surface)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return [.. labels.Select(label => Find(label, language, surface)).OfType<ModerationRule>()];
    }

    // The rule that names most of what is known: language before surface.
    private ModerationRule? Find(string label, string language, string surface)
    {
        ModerationRule? best = null;
        var bestRank = -1;
        foreach (var rule in Rules)
        {
            if (rule.Label != label || (rule.Language != ModerationRule.Any && rule.Language != language) || (rule.Surface != ModerationRule.Any && rule.Surface != surface))
            {
                continue;
            }

            var rank = (rule.Language != ModerationRule.Any ? 2 : 0) + (rule.Surface != ModerationRule.Any ? 1 : 0);
            (best, bestRank) = rank > bestRank ? (rule, rank) : (best, bestRank);
        }

        return best;
    }

    private void Check(IReadOnlyList<string> labels, string source)
    {
        if (Format != 1 || Version < 1 || string.IsNullOrEmpty(Name) || string.IsNullOrEmpty(Model))
        {
            throw Invalid($"format {Format}, name '{Name}', version {Version}, model '{Model}' are not all right; expected format 1, a name, a version of 1 or more and the digest of a model");
        }

        for (var place = 0; place < Rules.Count; place++)
        {
            var rule = Rules[place];
            if (!labels.Contains(rule.Label, StringComparer.Ordinal))
            {
                throw Invalid($"rules[{place}].label: the model has no label '{rule.Label}'; expected one of {string.Join(", ", labels)}");
            }

            if (!(rule.Review >= 0 && rule.Block >= rule.Review))
            {
                throw Invalid($"rules[{place}]: review {rule.Review} and block {rule.Block} are not in order; expected 0 <= review <= block (above 1: never)");
            }

            if (Rules.Take(place).Any(other => (other.Label, other.Language, other.Surface) == (rule.Label, rule.Language, rule.Surface)))
            {
                throw Invalid($"rules[{place}]: there is a rule for label '{rule.Label}', language '{rule.Language}', surface '{rule.Surface}' already");
            }
        }

        TrainingException Invalid(string what) => new(TrainingError.InvalidInput, $"policy '{source}': {what}.");
    }
}

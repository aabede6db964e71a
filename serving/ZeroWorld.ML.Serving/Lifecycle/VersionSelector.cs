using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Which version of a model answers: a number, an alias, or what the model offers by itself.</summary>
/// <remarks>The default value is <see cref="Any"/>.</remarks>
public readonly record struct VersionSelector
{
    /// <summary>The alias that predictions use when they name none.</summary>
    public const string ChampionAlias = "champion";

    /// <summary>The alias <see cref="ChampionAlias"/>; a model without it answers <see cref="ServingError.ModelNotFound"/>.</summary>
    public static VersionSelector Champion { get; } = OfAlias(ChampionAlias);

    /// <summary>The alias <see cref="ChampionAlias"/> where the model has it, else its newest version.</summary>
    public static VersionSelector Any => default;

    /// <value><see langword="null"/> when none was named. A number below 1 names no version there is.</value>
    public long? Version { get; private init; }

    public string? Alias { get; private init; }

    public static VersionSelector OfVersion(long version) => new() { Version = version };

    public static VersionSelector OfAlias(string alias) => new() { Alias = alias };

    /// <summary>The version of its model that a step of an ensemble asks for.</summary>
    public static VersionSelector OfStep(EnsembleStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return step.Version is { } version ? OfVersion(version) : Any;
    }

    /// <summary>Reads the version text of the Open Inference Protocol: empty for <see cref="Any"/>, digits for a version, else an alias.</summary>
    public static VersionSelector Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return Any;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? OfVersion(version) : OfAlias(text);
    }

    public override string ToString() => Alias is { } alias ? $"alias '{alias}'" : Version is { } version ? $"version {version}" : "any version";
}

using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Pipelines.Fraud;

/// <summary>The fraud job's feature definitions: YAML files that lie beside the program.</summary>
public static class FraudDefinitions
{
    /// <summary>Folder of the definition files.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "Fraud", "Definitions");

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidDefinition"/>, <see cref="FeatureError.NotFound"/>.</exception>
    public static DefinitionSet Load() => DefinitionLoader.LoadFolder(Folder);
}

namespace ZeroWorld.ML.Features;

/// <summary>All definitions of one project, valid as a whole: every reference resolved, every name unique.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed record DefinitionSet
{
    public required string Project { get; init; }

    public required IReadOnlyList<Entity> Entities { get; init; }

    public IReadOnlyList<EventStream> Streams { get; init; } = [];

    public required IReadOnlyList<FeatureView> Views { get; init; }

    public required IReadOnlyList<FeatureService> Services { get; init; }

    /// <value>The texts these definitions were read from, by path; empty when they were made in memory.</value>
    public IReadOnlyList<DefinitionFile> Files { get; init; } = [];

    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>, naming the services there are.</exception>
    public FeatureService GetService(string name) =>
        Services.FirstOrDefault(service => service.Name == name)
        ?? throw new FeatureException(
            FeatureError.NotFound,
            $"Feature service '{name}' is not defined in project '{Project}'. Defined: {List(Services.Select(service => service.Name))}.");

    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>, naming the views there are.</exception>
    public FeatureView GetView(string name) =>
        Views.FirstOrDefault(view => view.Name == name)
        ?? throw new FeatureException(
            FeatureError.NotFound,
            $"Feature view '{name}' is not defined in project '{Project}'. Defined: {List(Views.Select(view => view.Name))}.");

    private static string List(IEnumerable<string> names) => string.Join(", ", names.Order(StringComparer.Ordinal)) is { Length: > 0 } text ? text : "none";
}

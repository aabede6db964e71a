namespace ZeroWorld.ML.Models.Registry;

/// <summary>A mutable pointer to a version, such as <c>champion</c>.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Name">Name of the alias.</param>
/// <param name="Version">Where it points now.</param>
/// <param name="PreviousVersion">Where it pointed before; <see langword="null"/> when it is new.</param>
public sealed record ModelAlias(ModelName Model, string Name, long Version, long? PreviousVersion);

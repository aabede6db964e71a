namespace ZeroWorld.ML.Features;

/// <summary>A feature service that a registered model was trained with, as it was then.</summary>
/// <param name="Service">Name of the service.</param>
/// <param name="Fingerprint">The fingerprint that the model's package pins.</param>
/// <param name="Model">The model as messages name it: name and version, <c>fraud version 3</c>.</param>
public sealed record PinnedService(string Service, string Fingerprint, string Model);

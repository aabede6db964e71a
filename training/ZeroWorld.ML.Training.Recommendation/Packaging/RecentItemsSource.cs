namespace ZeroWorld.ML.Training.Recommendation;

/// <summary>Where a server finds the recent items of a user: a list feature (<c>last k</c>) of the online store.</summary>
/// <param name="FeatureService">Name of the feature service, in the model's project.</param>
/// <param name="Fingerprint">Its fingerprint when the model was trained; another one is refused.</param>
/// <param name="Column">The list column with item ids, the newest last.</param>
/// <param name="Key">The entity key that names the user.</param>
public sealed record RecentItemsSource(string FeatureService, string Fingerprint, string Column, string Key);

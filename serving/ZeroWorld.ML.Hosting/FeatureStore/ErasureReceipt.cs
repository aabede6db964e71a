namespace ZeroWorld.ML.Hosting;

/// <summary>What a deletion touched; it holds no key of the entity.</summary>
/// <param name="Token">HMAC-SHA-256 of the key, as the list of deletions has it.</param>
/// <param name="Until">Event time, microseconds since the epoch, inclusive.</param>
/// <param name="Views">Views of the entity in the online store.</param>
/// <param name="PredictionRows">Rows of the prediction log that were redacted.</param>
/// <param name="PredictionFiles">Files that were written anew for it.</param>
/// <param name="TableRows">Rows of tables that were the entity's.</param>
/// <param name="TableFiles">Files of tables that were written anew for it.</param>
public sealed record ErasureReceipt(string Token, long Until, int Views, long PredictionRows, long PredictionFiles, long TableRows, long TableFiles);

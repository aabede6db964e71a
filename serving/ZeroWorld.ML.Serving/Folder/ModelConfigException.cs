namespace ZeroWorld.ML.Serving;

/// <summary>A configuration of a model that says something wrong, with its place.</summary>
internal sealed class ModelConfigException(int line, int column, string reason) : Exception($"{line}:{column}: {reason}");

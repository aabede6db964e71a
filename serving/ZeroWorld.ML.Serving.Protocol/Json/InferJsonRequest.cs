namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>An inference request in the JSON form of the Open Inference Protocol.</summary>
/// <param name="Id">Given back in the answer; empty when there was none.</param>
/// <param name="Inputs">In the order of the request.</param>
/// <param name="Outputs">Names of the outputs asked for, in order; empty asks for all.</param>
public sealed record InferJsonRequest(string Id, IReadOnlyList<WireTensor> Inputs, IReadOnlyList<string> Outputs);

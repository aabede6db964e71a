namespace ZeroWorld.ML.Serving.Protocol;

/// <summary>An inference request of the Open Inference Protocol, decoded, whatever form it came in. It says nothing yet about the model's signature.</summary>
/// <param name="Id">Given back in the answer; empty when there was none.</param>
/// <param name="Parameters">Those of the request.</param>
/// <param name="Inputs">In the order of the request, over its memory. Not yet compared with their shapes: whoever knows the model does that.</param>
/// <param name="Outputs">The outputs asked for, in order; empty asks for all.</param>
public sealed record InferMessage(
    string Id, RequestParameters Parameters, IReadOnlyList<WireTensor> Inputs, IReadOnlyList<RequestedOutput> Outputs);

using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>What a model takes and gives, as ModelMetadata of the Open Inference Protocol answers it.</summary>
/// <param name="Model">The model.</param>
/// <param name="Version">The version that was described.</param>
/// <param name="Versions">All registered versions, ascending.</param>
/// <param name="Platform"><c>onnxruntime_onnx</c>.</param>
/// <param name="Signature">Tensors, with -1 for dimensions of any size.</param>
public sealed record ModelMetadata(ModelName Model, long Version, IReadOnlyList<long> Versions, string Platform, ModelSignature Signature);

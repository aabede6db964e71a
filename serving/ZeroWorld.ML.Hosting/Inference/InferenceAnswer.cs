using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.Protocol;

namespace ZeroWorld.ML.Hosting;

/// <summary>What an inference request is answered, whatever form the answer takes.</summary>
/// <param name="Version">The version that answered.</param>
/// <param name="Outputs">In the order asked for.</param>
/// <param name="Request">To be finished when the answer is written.</param>
internal readonly record struct InferenceAnswer(long Version, AnsweredOutput[] Outputs, AnsweredRequest Request);

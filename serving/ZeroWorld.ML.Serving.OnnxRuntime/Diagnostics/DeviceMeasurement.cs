namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>One figure that was measured on a device.</summary>
/// <param name="Name">What was measured, in words.</param>
/// <param name="Value">How much.</param>
/// <param name="Unit">Of the value: <c>us</c>, <c>ms</c>, <c>GB/s</c>, <c>TFLOP/s</c>, <c>MiB</c>.</param>
public sealed record DeviceMeasurement(string Name, double Value, string Unit);

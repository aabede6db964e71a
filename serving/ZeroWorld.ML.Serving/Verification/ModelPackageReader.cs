using System.Globalization;
using System.Text.Json;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

internal static class ModelPackageReader
{
    public static IReadOnlyList<GoldenSample> ReadGolden(ModelPackage package)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(package.Directory, package.Manifest.Golden.File)));
        return [.. json.RootElement.GetProperty("samples").EnumerateArray().Select(sample => new GoldenSample(Read(sample.GetProperty("inputs")), Read(sample.GetProperty("outputs"))))];
    }

    private static Dictionary<string, GoldenTensor> Read(JsonElement tensors) => tensors.EnumerateObject().ToDictionary(
        static item => item.Name,
        static item => new GoldenTensor(
            [.. item.Value.GetProperty("shape").EnumerateArray().Select(static size => size.GetInt64())],
            [.. item.Value.GetProperty("data").EnumerateArray().Select(static value => value.ValueKind == JsonValueKind.Number
                ? value.GetDouble()
                : double.Parse(value.GetString()!, CultureInfo.InvariantCulture))]));
}

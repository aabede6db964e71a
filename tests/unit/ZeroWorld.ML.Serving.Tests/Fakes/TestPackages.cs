using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.Tests;

/// <summary>Packages of a model that scores the columns of a feature service; the model file itself is the fake runtime's business.</summary>
internal sealed class TestPackages : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("zeroworld-test-");
    private int _count;

    public static ModelName Model { get; } = new("default", "fraud");

    /// <param name="change">Changes the manifest before it is written.</param>
    /// <param name="goldenScore">Output of the golden sample; <see langword="null"/>: what the fake model gives.</param>
    public ModelPackage Add(FeatureService? service, Func<ModelManifest, ModelManifest>? change = null, float? goldenScore = null)
    {
        string[] features = service is null ? [] : [.. service.Columns.Where(column => column.Type is not (FeatureType.String or FeatureType.Bytes)).Select(column => column.Name)];
        var width = service is null ? 2 : features.Length;
        var manifest = new ModelManifest
        {
            Format = 1,
            Project = "default",
            Name = "fraud",
            Runtime = "onnx",
            Files = new Dictionary<string, PackageFile> { ["model.onnx"] = new("sha256:00", 1000), ["golden.json"] = new("sha256:00", 100) },
            ModelFile = "model.onnx",
            FeatureService = service is null ? null : new FeatureServiceReference(service.Project, service.Name, service.Fingerprint),
            Inputs = [new ManifestInput("features", "FP32", [-1, width], features)],
            Outputs = [new ManifestOutput("probability", "probability", "FP32", [-1, 1])],
            Thresholds = service is null ? null : new DecisionThresholds("probability", [new("allow", 0), new("review", 0.5), new("block", 0.9)], "by hand"),
            Golden = new GoldenReference("golden.json", 1e-6, 1e-6),
            Lineage = new ModelLineage { CreatedTime = DateTimeOffset.UnixEpoch },
        };
        manifest = change?.Invoke(manifest) ?? manifest;
        var folder = _folder.CreateSubdirectory($"{_count++}");
        var golden = new float[(int)manifest.Inputs[0].Shape[^1] is > 0 and var declared ? declared : width];
        var output = manifest.Outputs[0];
        File.WriteAllText(Path.Combine(folder.FullName, "golden.json"), JsonSerializer.Serialize(new
        {
            samples = new[]
            {
                new
                {
                    inputs = new Dictionary<string, object> { ["features"] = new { shape = new[] { 1, golden.Length }, data = golden } },
                    outputs = new Dictionary<string, object> { [output.Tensor] = new { shape = output.Shape.Select(static _ => 1), data = new[] { goldenScore ?? FakeInstance.ScoreRow(golden) } } },
                },
            },
        }));
        var digest = $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{_count}")))}";
        return new ModelPackage(folder.FullName, manifest, digest);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}

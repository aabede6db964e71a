using System.Text;
using System.Text.Json.Nodes;

namespace ZeroWorld.ML.Models.Tests;

public sealed class ModelPackageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task OpenAsync_WrittenPackage_GivesEverythingBack()
    {
        var written = await SamplePackage.WriteAsync(_folder.Path);

        var opened = await ModelPackageReader.OpenAsync(_folder.Path, Cancellation);

        Assert.Equal(written.Digest, opened.Digest);
        var content = SamplePackage.Content;
        var manifest = opened.Manifest;
        Assert.Equal(["golden.json", "model.onnx", "reference.json"], manifest.Files.Keys);
        Assert.Equal(content.FeatureService, manifest.FeatureService);
        Assert.Equal(content.Metrics, manifest.Metrics);
        Assert.Equal(content.Thresholds!.Decisions, manifest.Thresholds!.Decisions);
        Assert.Equal(content.Lineage.CreatedTime, manifest.Lineage.CreatedTime);
        Assert.Equal("0.1 <é>", manifest.Lineage.Parameters["learning_rate"]);
        Assert.Equal(
            new ModelSignature([new TensorSpec("features", TensorDtype.Float32, [-1, 2])], [new TensorSpec("probability", TensorDtype.Float32, [-1, 1])]),
            manifest.GetSignature());

        var sample = Assert.Single(await GoldenSamples.ReadAsync(opened, Cancellation));
        Assert.Equal(content.GoldenSamples[0].Inputs["features"].Data, sample.Inputs["features"].Data);
        Assert.Equal(content.GoldenSamples[0].Outputs["probability"].Data, sample.Outputs["probability"].Data);
        var reference = await ReferenceDistributions.ReadAsync(opened, Cancellation);
        Assert.Equal(content.Reference!.Features["amount"].Quantiles, reference!.Features["amount"].Quantiles);
        Assert.Equal(double.NaN, reference.Features["is_night"].Mean);
    }

    [Fact]
    public async Task ReadManifest_OptionalPropertiesAbsent_AreEmpty()
    {
        var written = await SamplePackage.WriteAsync(_folder.Path);
        var json = JsonNode.Parse(await File.ReadAllBytesAsync(_folder.File(ModelPackage.ManifestFile), Cancellation))!.AsObject();
        var lineage = json["lineage"]!.AsObject();
        foreach (var (owner, name) in ((JsonObject, string)[])[(json, "classes"), (json, "metrics"), (lineage, "packages"), (lineage, "parameters")])
        {
            Assert.True(owner.Remove(name), name);
        }

        json["padding"] = new JsonObject { ["rows"] = new JsonArray(8) };

        var manifest = ModelPackageReader.ReadManifest(Encoding.UTF8.GetBytes(json.ToJsonString()));

        Assert.Equal(written.Manifest.Files.Keys, manifest.Files.Keys);
        Assert.Empty(manifest.Classes);
        Assert.Empty(manifest.Metrics);
        Assert.Empty(manifest.Lineage.Packages);
        Assert.Empty(manifest.Lineage.Parameters);
        Assert.Equal([8], manifest.Padding!.Rows);
        Assert.Empty(manifest.Padding.Axes);
    }

    [Fact]
    public async Task WriteAsync_SameContentInAnotherOrder_SameDigest()
    {
        var first = await SamplePackage.WriteAsync(_folder.File("a"));
        var second = await SamplePackage.WriteAsync(_folder.File("b"), SamplePackage.Content with
        {
            Metrics = SamplePackage.Content.Metrics.Reverse().ToDictionary(),
            Lineage = SamplePackage.Content.Lineage with
            {
                CreatedTime = SamplePackage.Content.Lineage.CreatedTime.ToUniversalTime(),
                Packages = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" },
            },
        });

        Assert.Equal(first.Digest, second.Digest);
        var text = await File.ReadAllTextAsync(_folder.File("a/manifest.json"), Cancellation);
        Assert.StartsWith("{\n  \"format\": 1,\n  \"project\": \"default\",\n  \"name\": \"fraud\",\n  \"runtime\": \"onnx\",\n  \"files\": {\n    \"golden.json\"", text, StringComparison.Ordinal);
        Assert.Contains("\"decision\": \"review\",\n", text, StringComparison.Ordinal);
        Assert.Contains("\"at_least\": 0.25\n", text, StringComparison.Ordinal);
        Assert.Contains("\"created_time\": \"2024-05-06T07:08:09.123Z\"", text, StringComparison.Ordinal);
        Assert.Contains("\"average_precision\": 0.30000000000000004", text, StringComparison.Ordinal);
        var golden = await File.ReadAllTextAsync(_folder.File("a/golden.json"), Cancellation);
        Assert.Equal(
            """{"samples":[{"inputs":{"features":{"shape":[2,2],"data":[0.1,"NaN","Infinity",1E-45]}},"outputs":{"probability":{"shape":[2,1],"data":[0.5,0.3333333333333333]}}}]}""" + "\n",
            golden);
    }

    [Fact]
    public async Task WriteAsync_OverAnOlderPackage_ReplacesItAndLeavesNothingElse()
    {
        var first = await SamplePackage.WriteAsync(_folder.Path);
        var second = await SamplePackage.WriteAsync(_folder.Path, SamplePackage.Content with { Classes = [] });

        Assert.NotEqual(first.Digest, second.Digest);
        Assert.Equal(second.Digest, (await ModelPackageReader.OpenAsync(_folder.Path, Cancellation)).Digest);
        Assert.Equal(
            ["golden.json", "manifest.json", "model.onnx", "reference.json"],
            Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task WriteAsync_DeclaredTensorThatTheModelLacks_RefusesAndWritesNothing()
    {
        var content = SamplePackage.Content with { Outputs = [new ManifestOutput("score", "probability", "FP32", [-1, 1])], GoldenSamples = [Golden("score")] };

        var exception = await Assert.ThrowsAsync<RegistryException>(() => SamplePackage.WriteAsync(_folder.Path, content));

        Assert.Contains("the manifest declares the output 'score', the model file has 'probability'", exception.Message, StringComparison.Ordinal);
        Assert.Equal(["model.onnx"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task WriteAsync_FurtherFilesAndMissingOnes_AreIncludedOrRefused()
    {
        Directory.CreateDirectory(_folder.File("text"));
        await File.WriteAllTextAsync(_folder.File("text/vocabulary.txt"), "a", Cancellation);

        var package = await SamplePackage.WriteAsync(_folder.Path, SamplePackage.Content with { FurtherFiles = ["text/vocabulary.txt"] });

        Assert.Equal(1, package.Manifest.Files["text/vocabulary.txt"].Bytes);
        foreach (var (path, reason) in new[] { ("none.txt", "does not exist"), ("../x", "cannot be a file"), ("manifest.json", "cannot be a file"), ("text", "is a folder") })
        {
            var exception = await Assert.ThrowsAsync<RegistryException>(
                () => SamplePackage.WriteAsync(_folder.Path, SamplePackage.Content with { FurtherFiles = [path] }));
            Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
        }
    }

    public static TheoryData<string, string> DamagedFiles => new()
    {
        { "model.onnx", "flip" }, { "model.onnx", "append" }, { "model.onnx", "delete" }, { "model.onnx", "link" },
        { "golden.json", "flip" }, { "reference.json", "truncate" },
    };

    [Theory]
    [MemberData(nameof(DamagedFiles))]
    public async Task OpenAsync_DamagedFile_IsCorruptAndNamed(string file, string damage)
    {
        await SamplePackage.WriteAsync(_folder.Path);
        var path = _folder.File(file);
        var bytes = await File.ReadAllBytesAsync(path, Cancellation);
        switch (damage)
        {
            case "flip":
                bytes[^2] ^= 1;
                await File.WriteAllBytesAsync(path, bytes, Cancellation);
                break;
            case "append":
                await File.AppendAllTextAsync(path, "x", Cancellation);
                break;
            case "truncate":
                await File.WriteAllBytesAsync(path, bytes[..^1], Cancellation);
                break;
            case "delete":
                File.Delete(path);
                break;
            default:
                File.Move(path, path + ".real");
                File.CreateSymbolicLink(path, path + ".real");
                break;
        }

        var exception = await Assert.ThrowsAsync<RegistryException>(() => ModelPackageReader.OpenAsync(_folder.Path, Cancellation));

        Assert.Equal(RegistryError.CorruptArtifact, exception.Error);
        Assert.Contains($"'{file}'", exception.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> BrokenManifests => new()
    {
        { "", "manifest.json is not valid" },
        { "nonsense", "manifest.json is not valid" },
        { "[1]", "has no whole number as format" },
        { "{}", "has no whole number as format" },
        { """{"format":"1"}""", "has no whole number as format" },
        { """{"format":2,"anything":[]}""", "has format 2; this build reads format 1" },
        { """{"format":0}""", "has format 0; this build reads format 1" },
        { """{"format":1}""", "project, name, " },
        { """{"format":1,"format":1}""", "manifest.json is not valid" },
    };

    [Theory]
    [MemberData(nameof(BrokenManifests))]
    public void ReadManifest_BrokenText_IsRefusedWithTheReason(string text, string reason)
    {
        var exception = Assert.Throws<RegistryException>(() => ModelPackageReader.ReadManifest(Encoding.UTF8.GetBytes(text)));

        Assert.Equal(RegistryError.InvalidInput, exception.Error);
        Assert.Contains(reason, exception.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string, Action<JsonObject>> Edits => new()
    {
        { "unknown property", "treshold", manifest => manifest["treshold"] = 1 },
        { "unknown nested property", "batch", manifest => manifest["inputs"]![0]!["batch"] = 1 },
        { "null text", "runtime", manifest => manifest["runtime"] = null },
        { "wrong type", "files: line ", manifest => manifest["files"] = 1 },
        { "moment without offset", "2024-05-06T07:08:09", manifest => manifest["lineage"]!["created_time"] = "2024-05-06T07:08:09" },
        { "project", "project is 'Default'", manifest => manifest["project"] = "Default" },
        { "name", "name is '../x'", manifest => manifest["name"] = "../x" },
        { "runtime", "runtime is 'tensorflow'; expected onnx or torchscript", manifest => manifest["runtime"] = "tensorflow" },
        { "path", "the path '../model.onnx'", manifest => Rename(manifest, "../model.onnx") },
        { "rooted path", "the path '/etc/passwd'", manifest => Rename(manifest, "/etc/passwd") },
        { "backslash", "the path 'a\\b'", manifest => Rename(manifest, "a\\b") },
        { "drive", "the path 'c:model'", manifest => Rename(manifest, "c:model") },
        { "manifest as file", "'Manifest.json', which is taken", manifest => Rename(manifest, "Manifest.json") },
        { "case twice", "'Golden.json', which is taken", manifest => Rename(manifest, "Golden.json") },
        { "digest", "digest is 'sha256:12'", manifest => manifest["files"]!["model.onnx"]!["digest"] = "sha256:12" },
        { "bytes", "bytes is -1", manifest => manifest["files"]!["model.onnx"]!["bytes"] = -1 },
        { "null file", "files['model.onnx'].digest is ''", manifest => manifest["files"]!["model.onnx"] = null },
        { "model file", "model_file is 'other.onnx', which is not among files", manifest => manifest["model_file"] = "other.onnx" },
        { "golden file", "golden.file is 'g.json'", manifest => manifest["golden"]!["file"] = "g.json" },
        { "reference", "reference is 'r.json'", manifest => manifest["reference"] = "r.json" },
        { "tolerance", "golden.absolute_tolerance is -1", manifest => manifest["golden"]!["absolute_tolerance"] = -1 },
        { "service name", "feature_service.name is 'Fraud'", manifest => manifest["feature_service"]!["name"] = "Fraud" },
        { "fingerprint", "feature_service.fingerprint is ''", manifest => manifest["feature_service"]!["fingerprint"] = "" },
        { "no inputs", "inputs has 0 entries", manifest => manifest["inputs"] = new JsonArray() },
        { "null input", "an entry of the tensors of inputs is ''", manifest => manifest["inputs"]![0] = null },
        { "dtype", "has the dtype 'float32'; expected one of BOOL", manifest => manifest["inputs"]![0]!["dtype"] = "float32" },
        { "row axis", "the shape [2, 2]; expected the row axis -1 first", manifest => manifest["inputs"]![0]!["shape"] = new JsonArray(2, 2) },
        { "axis of 0", "the shape [-1, 0]", manifest => manifest["outputs"]![0]!["shape"] = new JsonArray(-1, 0) },
        { "scalar", "the shape []", manifest => manifest["outputs"]![0]!["shape"] = new JsonArray() },
        { "feature count", "names 1 features; expected the last axis of its shape [-1, 2]", manifest => manifest["inputs"]![0]!["features"] = new JsonArray("amount") },
        { "features of any size", "names 2 features; expected the last axis of its shape [-1, -1]", manifest => manifest["inputs"]![0]!["shape"] = new JsonArray(-1, -1) },
        { "feature twice", "has 'amount' twice", manifest => manifest["inputs"]![0]!["features"] = new JsonArray("amount", "amount") },
        { "null feature", "the features of the input 'features' is ''", manifest => manifest["inputs"]![0]!["features"] = new JsonArray("amount", null) },
        { "features without a service", "names features, but there is no feature_service", manifest => manifest["feature_service"] = null },
        { "service without features", "names no features", manifest => manifest["inputs"]![0]!["features"] = new JsonArray() },
        { "input twice", "the tensors of inputs has 'features' twice", manifest => manifest["inputs"]!.AsArray().Add(manifest["inputs"]![0]!.DeepClone()) },
        { "output twice", "the names of outputs has 'probability' twice", manifest => manifest["outputs"]!.AsArray().Add(manifest["outputs"]![0]!.DeepClone()) },
        { "threshold output", "thresholds.output is 'score'", manifest => manifest["thresholds"]!["output"] = "score" },
        { "first threshold", "at_least [0.1, 0.25, 0.75]; expected ascending numbers, the first one 0", manifest => AtLeast(manifest, 0, 0.1) },
        { "equal thresholds", "at_least [0, 0.75, 0.75]", manifest => AtLeast(manifest, 1, 0.75) },
        { "descending thresholds", "at_least [0, 0.25, 0.2]", manifest => AtLeast(manifest, 2, 0.2) },
        { "decision twice", "the decisions has 'allow' twice", manifest => manifest["thresholds"]!["decisions"]![1]!["decision"] = "allow" },
        { "no decisions", "at_least []", manifest => manifest["thresholds"]!["decisions"] = new JsonArray() },
        { "metric", "metrics['auc_roc'] is NaN", manifest => manifest["metrics"]!["auc_roc"] = "NaN" },
        { "rows", "lineage.rows is -1", manifest => manifest["lineage"]!["rows"] = -1 },
        { "train period", "train_from is later than train_to", manifest => manifest["lineage"]!["train_to"] = "2000-01-01T00:00:00Z" },
        { "class twice", "classes has 'fraud' twice", manifest => manifest["classes"] = new JsonArray("fraud", "fraud") },
        { "null package", "lineage.packages['a'] is null", manifest => manifest["lineage"]!["packages"]!["a"] = null },
    };

    [Theory(DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Edits))]
    public async Task OpenAsync_InvalidManifest_IsRefusedWithTheReason(string what, string reason, Action<JsonObject> edit)
    {
        await SamplePackage.WriteAsync(_folder.Path);
        await SamplePackage.EditManifestAsync(_folder.Path, edit);

        var exception = await Assert.ThrowsAsync<RegistryException>(() => ModelPackageReader.OpenAsync(_folder.Path, Cancellation));

        Assert.True(exception.Error == RegistryError.InvalidInput && exception.Message.Contains(reason, StringComparison.Ordinal), $"{what}: {exception.Message}");
    }

    [Fact]
    public async Task OpenAsync_SeveralProblems_AreListedInOneMessage()
    {
        await SamplePackage.WriteAsync(_folder.Path);
        await SamplePackage.EditManifestAsync(_folder.Path, manifest =>
        {
            manifest["name"] = "X";
            manifest["runtime"] = "none";
            AtLeast(manifest, 0, 1);
        });

        var exception = await Assert.ThrowsAsync<RegistryException>(() => ModelPackageReader.OpenAsync(_folder.Path, Cancellation));

        Assert.All(["name is 'X'", "runtime is 'none'", "at_least [1, 0.25, 0.75]"], part => Assert.Contains(part, exception.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task OpenAsync_NoManifestOrATooLargeOne_IsRefused()
    {
        var missing = await Assert.ThrowsAsync<RegistryException>(() => ModelPackageReader.OpenAsync(_folder.Path, Cancellation));
        await File.WriteAllBytesAsync(_folder.File("manifest.json"), new byte[ModelPackageReader.ManifestBytesMax + 1], Cancellation);
        var large = await Assert.ThrowsAsync<RegistryException>(() => ModelPackageReader.OpenAsync(_folder.Path, Cancellation));

        Assert.Contains("it has no manifest.json", missing.Message, StringComparison.Ordinal);
        Assert.Contains("4194305 bytes; expected at most 4194304", large.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenAsync_FilesThatTheManifestDoesNotName_AreIgnored()
    {
        await SamplePackage.WriteAsync(_folder.Path);
        await File.WriteAllTextAsync(_folder.File("notes.txt"), "x", Cancellation);

        Assert.DoesNotContain("notes.txt", (await ModelPackageReader.OpenAsync(_folder.Path, Cancellation)).Manifest.Files.Keys);
    }

    private static GoldenSample Golden(string output) => new(
        new Dictionary<string, GoldenTensor> { ["features"] = new([1, 2], [0, 0]) }, new Dictionary<string, GoldenTensor> { [output] = new([1, 1], [0.5]) });

    private static void Rename(JsonObject manifest, string path)
    {
        var files = manifest["files"]!.AsObject();
        var file = files["model.onnx"]!.DeepClone();
        files.Remove("model.onnx");
        files[path] = file;
        manifest["model_file"] = path;
    }

    private static void AtLeast(JsonObject manifest, int index, double value) => manifest["thresholds"]!["decisions"]![index]!["at_least"] = value;
}

namespace ZeroWorld.ML.Models;

/// <summary>Whether a manifest says something that can be served.</summary>
internal static class ManifestValidation
{
    internal const int FilesMax = 1024;
    internal const long FileBytesMax = 1L << 40;
    internal const int TensorsMax = 1024;
    internal const int DimensionsMax = 8;
    internal const int NameLengthMax = 256;

    private static readonly string[] Runtimes = ["onnx", "torchscript"];

    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>; all problems in one message.</exception>
    internal static void Check(ModelManifest manifest)
    {
        var problems = FindProblems(manifest);
        if (problems.Count > 0)
        {
            throw new RegistryException(RegistryError.InvalidInput, $"{ModelPackage.ManifestFile} is not valid: {string.Join("; ", problems)}.");
        }
    }

    private static List<string> FindProblems(ModelManifest manifest)
    {
        var problems = new List<string>();
        CheckNames(manifest, problems);
        CheckFiles(manifest, problems);
        CheckInputs(manifest, problems);
        CheckOutputs(manifest, problems);
        CheckThresholds(manifest, problems);
        CheckNumbers(manifest, problems);
        return problems;
    }

    private static void CheckNames(ModelManifest manifest, List<string> problems)
    {
        CheckName("project", manifest.Project, problems);
        CheckName("name", manifest.Name, problems);
        if (!Runtimes.Contains(manifest.Runtime))
        {
            problems.Add($"runtime is '{manifest.Runtime}'; expected {string.Join(" or ", Runtimes)}");
        }

        if (manifest.FeatureService is { } service)
        {
            CheckName("feature_service.project", service.Project, problems);
            CheckName("feature_service.name", service.Name, problems);
            CheckText("feature_service.fingerprint", service.Fingerprint, problems);
        }

        CheckUnique("classes", manifest.Classes, problems);
    }

    private static void CheckFiles(ModelManifest manifest, List<string> problems)
    {
        if (manifest.Files.Count > FilesMax)
        {
            problems.Add($"files has {manifest.Files.Count} entries; expected at most {FilesMax}");
        }

        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { ModelPackage.ManifestFile };
        foreach (var (path, file) in manifest.Files)
        {
            if (!PackagePath.IsValid(path))
            {
                problems.Add($"files has the path '{path}'; expected {PackagePath.Expected}");
            }
            else if (!seen.Add(path))
            {
                problems.Add($"files has the path '{path}', which is taken (upper and lower case are one name)");
            }

            if (file is null || !ArtifactDigest.IsValid(file.Digest))
            {
                problems.Add($"files['{path}'].digest is '{file?.Digest}'; expected {ArtifactDigest.Expected}");
            }

            if (file?.Bytes is < 0 or > FileBytesMax)
            {
                problems.Add($"files['{path}'].bytes is {file.Bytes}; expected 0 to {FileBytesMax}");
            }
        }

        CheckIsFile("model_file", manifest.ModelFile, manifest, problems);
        if (manifest.Golden is { } golden)
        {
            CheckIsFile("golden.file", golden.File, manifest, problems);
        }
        else
        {
            problems.Add("golden is null; expected a file of golden samples and two tolerances");
        }

        if (manifest.Reference is { } reference)
        {
            CheckIsFile("reference", reference, manifest, problems);
        }
    }

    private static void CheckInputs(ModelManifest manifest, List<string> problems)
    {
        CheckCount("inputs", manifest.Inputs, problems);
        CheckUnique("the tensors of inputs", [.. manifest.Inputs.Select(static input => input?.Tensor)], problems);
        foreach (var input in manifest.Inputs.Where(static input => input is not null))
        {
            CheckTensor("input", input.Tensor, input.Dtype, input.Shape, problems);
            CheckUnique($"the features of the input '{input.Tensor}'", input.Features, problems);
            if (manifest.FeatureService is null)
            {
                if (input.Features.Count > 0 || input.Layout is not null)
                {
                    problems.Add($"the input '{input.Tensor}' names {(input.Features.Count > 0 ? "features" : "a layout")}, but there is no feature_service");
                }
            }
            else if (input.Features.Count == 0)
            {
                problems.Add($"the input '{input.Tensor}' names no features, but the model reads the feature service '{manifest.FeatureService.Name}'");
            }
            else if (InputLayoutRule.FindProblem(input, manifest.Inputs) is { } problem)
            {
                problems.Add(problem);
            }
        }
    }

    private static void CheckOutputs(ModelManifest manifest, List<string> problems)
    {
        CheckCount("outputs", manifest.Outputs, problems);
        CheckUnique("the tensors of outputs", [.. manifest.Outputs.Select(static output => output?.Tensor)], problems);
        CheckUnique("the names of outputs", [.. manifest.Outputs.Where(static output => output is not null).Select(static output => output.Name)], problems);
        foreach (var output in manifest.Outputs.Where(static output => output is not null))
        {
            CheckTensor("output", output.Tensor, output.Dtype, output.Shape, problems);
        }
    }

    private static void CheckThresholds(ModelManifest manifest, List<string> problems)
    {
        if (manifest.Thresholds is not { } thresholds)
        {
            return;
        }

        if (manifest.Outputs.All(output => output?.Name != thresholds.Output))
        {
            problems.Add($"thresholds.output is '{thresholds.Output}', which is the name of no output");
        }

        CheckText("thresholds.method", thresholds.Method, problems);
        CheckUnique("the decisions", [.. thresholds.Decisions.Select(static decision => decision?.Name)], problems);
        var bounds = thresholds.Decisions.Select(static decision => decision?.AtLeast ?? double.NaN).ToArray();
        if (bounds.Length == 0 || bounds[0] != 0 || !bounds.All(double.IsFinite) || bounds.Zip(bounds.Skip(1)).Any(static pair => pair.First >= pair.Second))
        {
            problems.Add($"thresholds.decisions have at_least {Text(bounds)}; expected ascending numbers, the first one 0");
        }
    }

    private static void CheckNumbers(ModelManifest manifest, List<string> problems)
    {
        if (manifest.Golden is { } golden)
        {
            CheckTolerance("golden.absolute_tolerance", golden.AbsoluteTolerance, problems);
            CheckTolerance("golden.relative_tolerance", golden.RelativeTolerance, problems);
        }

        problems.AddRange(manifest.Metrics
            .Where(static metric => !double.IsFinite(metric.Value))
            .Select(static metric => $"metrics['{metric.Key}'] is {metric.Value}; expected a finite number, or no entry"));

        var lineage = manifest.Lineage;
        if (lineage.Rows < 0)
        {
            problems.Add($"lineage.rows is {lineage.Rows}; expected 0 or more");
        }

        if (lineage.TrainFrom > lineage.TrainTo)
        {
            problems.Add("lineage.train_from is later than train_to");
        }

        CheckTexts("lineage.packages", lineage.Packages, problems);
        CheckTexts("lineage.parameters", lineage.Parameters, problems);
    }

    private static void CheckTolerance(string what, double value, List<string> problems)
    {
        if (value is not (>= 0 and < double.PositiveInfinity))
        {
            problems.Add($"{what} is {value}; expected a finite number, 0 or more");
        }
    }

    private static void CheckTexts(string what, IReadOnlyDictionary<string, string> texts, List<string> problems) =>
        problems.AddRange(texts.Where(static entry => entry.Value is null).Select(entry => $"{what}['{entry.Key}'] is null; expected text"));

    private static void CheckTensor(string kind, string tensor, string dtype, IReadOnlyList<long> shape, List<string> problems)
    {
        if (!TensorDtypes.TryParse(dtype, out _))
        {
            problems.Add($"the {kind} '{tensor}' has the dtype '{dtype}'; expected one of {TensorDtypes.Expected}");
        }

        if (shape.Count is 0 or > DimensionsMax || shape[0] != -1 || shape.Any(static size => size is < -1 or 0))
        {
            problems.Add($"the {kind} '{tensor}' has the shape {Text(shape)}; expected the row axis -1 first, then sizes of 1 or more or -1, at most {DimensionsMax} axes");
        }
    }

    private static void CheckCount<T>(string what, IReadOnlyList<T> items, List<string> problems)
    {
        if (items.Count is 0 or > TensorsMax)
        {
            problems.Add($"{what} has {items.Count} entries; expected 1 to {TensorsMax}");
        }
    }

    private static void CheckIsFile(string what, string path, ModelManifest manifest, List<string> problems)
    {
        if (!manifest.Files.ContainsKey(path))
        {
            problems.Add($"{what} is '{path}', which is not among files");
        }
    }

    private static void CheckName(string what, string value, List<string> problems)
    {
        if (!ModelName.IsValid(value))
        {
            problems.Add($"{what} is '{value}'; expected a lower-case letter, then lower-case letters, digits, '_' or '-', at most {ModelName.LengthMax} characters");
        }
    }

    private static void CheckText(string what, string? value, List<string> problems)
    {
        if (string.IsNullOrWhiteSpace(value) || value.Length > NameLengthMax || value.Any(char.IsControl))
        {
            problems.Add($"{what} is '{value}'; expected text of 1 to {NameLengthMax} characters");
        }
    }

    private static void CheckUnique(string what, IReadOnlyList<string?> names, List<string> problems)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in names)
        {
            CheckText($"an entry of {what}", name, problems);
            if (name is not null && !seen.Add(name))
            {
                problems.Add($"{what} has '{name}' twice");
            }
        }
    }

    private static string Text<T>(IEnumerable<T> values) => $"[{string.Join(", ", values)}]";
}

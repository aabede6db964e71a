using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>Every model of the standard's node tests that ONNX Runtime itself runs, through the engine: the same result, or a refusal that says why the protocol cannot carry it.</summary>
public sealed class OnnxConformanceTests(ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Infer_NodeTestsOfTheStandard_GivesWhatTheEngineGives()
    {
        using var target = new TempFolder();
        var cases = await OnnxNodeTests.FindOrSkipAsync(target, Cancellation);
        await using var server = new FolderServer();
        var names = new List<string>();
        foreach (var folder in Directory.EnumerateDirectories(cases).Order(StringComparer.Ordinal).Where(static folder => File.Exists(Path.Combine(folder, "model.onnx"))))
        {
            names.Add(Path.GetFileName(folder));
            server.Add(names[^1], 1, Path.Combine(folder, "model.onnx"));
        }

        // Far fewer than there are: the rest comes on request and goes again.
        await server.StartAsync(Cancellation, ("Serving:Servables:LoadedVersionsMax", "50"));
        var (equal, refused, notRun, wrong) = (0, 0, 0, new List<string>());
        foreach (var name in names)
        {
            switch (await CompareAsync(server, Path.Combine(cases, name), name))
            {
                case "equal":
                    equal++;
                    break;
                case "not run":
                    notRun++;
                    break;
                case var text when text.StartsWith("refused:", StringComparison.Ordinal):
                    refused++;
                    break;
                case var text:
                    wrong.Add($"{name}: {text}");
                    break;
            }
        }

        output.WriteLine($"{names.Count} cases: {equal} served equal, {refused} refused for types that the protocol cannot carry, {notRun} that the engine itself does not run, {wrong.Count} wrong.");
        Assert.True(equal > 500, $"Only {equal} cases ran.");
        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong.Take(100)));
    }

    private static async Task<string> CompareAsync(FolderServer server, string folder, string name)
    {
        var path = Path.Combine(folder, "model.onnx");
        var inputs = OnnxNodeTests.ReadInputs(Path.Combine(folder, "test_data_set_0"));
        var inputNames = OnnxNodeTests.ReadInputNames(path);
        Dictionary<string, TensorBuffer>? expected = null, again = null;
        try
        {
            if (inputs is not null)
            {
                expected = RawSession.Run(path, inputNames, inputs);
                again = expected is null ? null : RawSession.Run(path, inputNames, inputs);
            }
        }
        catch (OnnxRuntimeException)
        {
            return "not run";
        }

        try
        {
            var result = await server.InferAsync(
                name, Cancellation, [.. (inputs ?? []).Select((tensor, index) => new InferenceInput(inputNames[index], tensor.Dtype.ToName(), tensor.Shape.ToArray(), tensor.ToRaw()))]);
            if (expected is null)
            {
                return "the engine gives no tensors, and it was served";
            }

            foreach (var item in result.Outputs)
            {
                // What is drawn at random differs from run to run: only its shape is the same.
                var isRandom = RawSession.FindDifference(expected[item.Name], again![item.Name]) is not null;
                if (isRandom ? !expected[item.Name].Shape.SequenceEqual(item.Tensor.Shape) : RawSession.FindDifference(expected[item.Name], item.Tensor) is not null)
                {
                    return $"'{item.Name}' {RawSession.FindDifference(expected[item.Name], item.Tensor)}";
                }
            }

            return result.Outputs.Count == expected.Count ? "equal" : $"{result.Outputs.Count} outputs, the engine gives {expected.Count}";
        }
        catch (ServingException exception) when (exception.Error == ServingError.ModelRefused && expected is null)
        {
            return $"refused: {exception.Message}";
        }
        catch (ServingException exception)
        {
            return $"{exception.Error}: {exception.Message}";
        }
    }
}

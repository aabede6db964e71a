using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>A model file that no input can make end the process: the file itself, or a rewritten copy in a folder of its own that is deleted afterwards.</summary>
internal sealed class GuardedModel : IDisposable
{
    private readonly DirectoryInfo? _folder;

    private GuardedModel(string path, OnnxModel file, DirectoryInfo? folder)
    {
        Path = path;
        File = file;
        _folder = folder;
    }

    /// <summary>What the file declares that was given, before anything was rewritten.</summary>
    public OnnxModel File { get; }

    /// <summary>What to load. Not needed any more once it is loaded.</summary>
    public string Path { get; }

    /// <exception cref="RegistryException"><see cref="RegistryError.InvalidInput"/>: not a readable file, or an integer division that cannot be guarded.</exception>
    public static GuardedModel Of(string path)
    {
        // Few models divide at all: the others are loaded as they are.
        var file = OnnxModelReader.Read(path);
        if (!file.Operators.Any(static name => name is "Div" or "Mod"))
        {
            return new GuardedModel(path, file, null);
        }

        var folder = Directory.CreateTempSubdirectory("zeroworld-onnx-");
        try
        {
            var typed = System.IO.Path.Combine(folder.FullName, "typed.onnx");
            var guarded = System.IO.Path.Combine(folder.FullName, "guarded.onnx");
            WriteTyped(path, typed);
            if (IntegerDivisionGuard.TryRewrite(typed, guarded))
            {
                return new GuardedModel(guarded, file, folder);
            }
        }
        catch
        {
            folder.Delete(recursive: true);
            throw;
        }

        folder.Delete(recursive: true);
        return new GuardedModel(path, file, null);
    }

    public void Dispose() => _folder?.Delete(recursive: true);

    /// <summary>Lets the engine write the graph as it understands it: every value with its type, functions inlined, nothing computed or fused.</summary>
    private static void WriteTyped(string path, string typedPath)
    {
        using var options = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
            OptimizedModelFilePath = typedPath,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
        };

        // Weights go beside the graph, since one protobuf message holds at most 2 GB.
        options.AddSessionConfigEntry("session.optimized_model_external_initializers_file_name", "weights.bin");
        options.AddSessionConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", "1024");
        using var session = new InferenceSession(path, options);
    }
}

using Microsoft.ML.OnnxRuntime;

namespace ZeroWorld.ML.Serving.OnnxRuntime;

/// <summary>The one environment of ONNX Runtime in this process. The first options decide the size of its thread pool.</summary>
internal sealed class OnnxEnvironment
{
    // Beyond a few threads a run of the usual models only waits for its slowest part, and other models wait for it. It waits by spinning, whatever it is told: with every processor taken by a run,
    // what receives requests takes one from it, and the others burn theirs meanwhile. So a run has half of them, and the other half is for the rest, or for another run.
    private const int ThreadsMax = 4;
    private const int BesideMax = 4;
    private static readonly Lock CreationLock = new();
    private static OnnxEnvironment? _instance;
    private readonly OrtEnv _environment;
    private readonly bool _hasGlobalPool;

    private OnnxEnvironment(OnnxRuntimeOptions options)
    {
        // .NET counts processors as the control group allows them.
        Threads = options.ThreadsPerModel > 0 ? options.ThreadsPerModel : Math.Clamp(Environment.ProcessorCount / 2, 1, ThreadsMax);
        _hasGlobalPool = !OrtEnv.IsCreated;
        if (_hasGlobalPool)
        {
            using var threading = new OrtThreadingOptions { GlobalIntraOpNumThreads = Threads, GlobalInterOpNumThreads = 1, GlobalSpinControl = false };
            var creation = new EnvironmentCreationOptions
            {
                logId = "zeroworld",
                logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
                threadOptions = threading,
            };
            _environment = OrtEnv.CreateInstanceWithOptions(ref creation);
        }
        else
        {
            _environment = OrtEnv.Instance();
        }

        Version = _environment.GetVersionString();
        Providers = _environment.GetAvailableProviders();
    }

    public string Version { get; }

    /// <summary>Threads of one run: how a sum is split among them shows in its last bits.</summary>
    public int Threads { get; }

    /// <summary>Runs at the same time that have processors of their own.</summary>
    /// <param name="own">Threads of each; <see langword="null"/>: <see cref="Threads"/>.</param>
    public int CountBeside(int? own) => Math.Clamp(Environment.ProcessorCount / (own ?? Threads), 1, BesideMax);

    public IReadOnlyList<string> Providers { get; }

    public static OnnxEnvironment Get(OnnxRuntimeOptions options)
    {
        lock (CreationLock)
        {
            return _instance ??= new OnnxEnvironment(options);
        }
    }

    /// <summary>Threads never spin: between requests the processors belong to others.</summary>
    /// <param name="options">Options of a session.</param>
    /// <param name="own">Threads of a pool of its own; <see langword="null"/>: the pool that all sessions share.</param>
    public void ApplyThreads(SessionOptions options, int? own)
    {
        if (_hasGlobalPool && own is null)
        {
            options.DisablePerSessionThreads();
            return;
        }

        // Also where something else in this process made the environment, without a pool.
        options.IntraOpNumThreads = own ?? Threads;
        options.InterOpNumThreads = 1;
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
    }
}

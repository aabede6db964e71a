namespace ZeroWorld.ML.Models;

/// <summary>How one model is served: what its <c>config.pbtxt</c> or <c>model.yaml</c> says. Everything that it leaves out is as the server's options say.</summary>
/// <remarks>Immutable. Equal by reference.</remarks>
public sealed record ModelSettings
{
    /// <summary>Nothing was said.</summary>
    public static ModelSettings Default { get; } = new();

    /// <value>Default: rows where the model file declares them so.</value>
    public RowAxis RowAxis { get; init; }

    /// <summary>Rows of the largest batch and of the largest request.</summary>
    /// <value><see langword="null"/>: as the server's options say. 1 or more.</value>
    public int? BatchRowsMax { get; init; }

    /// <summary>Sizes of batches to prefer, ascending; empty for none.</summary>
    public IReadOnlyList<int> PreferredRows { get; init; } = [];

    /// <summary>How long the oldest request of a batch may wait for others.</summary>
    /// <value><see langword="null"/>: as the server's options say.</value>
    public TimeSpan? QueueDelay { get; init; }

    /// <summary>Levels of priority and limits of the queue.</summary>
    public QueueSettings Queue { get; init; } = QueueSettings.Default;

    /// <summary>Sizes that runs are brought to.</summary>
    /// <value><see langword="null"/>: as the package's manifest says.</value>
    public ModelPadding? Padding { get; init; }

    /// <summary>Execution contexts of the model on its device.</summary>
    /// <value><see langword="null"/>: as the server's options say. 1 or more.</value>
    public int? Instances { get; init; }

    /// <summary>Where it must run: <c>cpu</c>, <c>cuda</c> (any) or <c>cuda:N</c>.</summary>
    /// <value><see langword="null"/>: where there is room.</value>
    public string? Device { get; init; }

    /// <summary>Whether it stays in memory when room is needed for another model.</summary>
    public bool IsPinned { get; init; }

    /// <summary>Whether answers to tensors are kept for requests with the same inputs, where the server has memory for that.</summary>
    public bool KeepsResponses { get; init; }

    /// <summary>Sizes of batches to run before the first request, ascending; empty for the server's own choice.</summary>
    public IReadOnlyList<int> WarmupRows { get; init; } = [];

    /// <summary>Requests to make of the model before the first one of anybody else; a model on which one of them fails is not served.</summary>
    public IReadOnlyList<WarmupSample> WarmupSamples { get; init; } = [];

    /// <summary>Inputs as they were written down, in the model's own shapes; a model may have more.</summary>
    public IReadOnlyList<TensorSpec> Inputs { get; init; } = [];

    /// <summary>Outputs as they were written down, in the model's own shapes; a model may have more.</summary>
    public IReadOnlyList<TensorSpec> Outputs { get; init; } = [];

    /// <summary>Inputs that requests have in another shape than the model, by name.</summary>
    public IReadOnlyDictionary<string, TensorReshape> InputReshapes { get; init; } = new Dictionary<string, TensorReshape>();

    /// <summary>Outputs that answers have in another shape than the model, by name.</summary>
    public IReadOnlyDictionary<string, TensorReshape> OutputReshapes { get; init; } = new Dictionary<string, TensorReshape>();

    /// <summary>Inputs whose dimensions behind the row axis may differ between the requests of a run, by name, with their shape in requests; the model takes all their elements in one dimension.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<long>> RaggedInputs { get; init; } = new Dictionary<string, IReadOnlyList<long>>();

    /// <summary>Inputs that are made for a run from how its ragged inputs are spread over the requests.</summary>
    public IReadOnlyList<BatchInput> BatchInputs { get; init; } = [];

    /// <summary>Outputs whose elements go to the requests of a run by the shapes of a ragged input; the others go by rows.</summary>
    public IReadOnlyList<BatchOutput> BatchOutputs { get; init; } = [];

    /// <summary>What its requests are to one another.</summary>
    /// <value><see langword="null"/>: nothing, each is answered by itself.</value>
    public SequenceSettings? Sequences { get; init; }

    /// <summary>Models that answer in its place, in an order in which each finds its inputs; empty for a model with a file of its own.</summary>
    public IReadOnlyList<EnsembleStep> Steps { get; init; } = [];

    /// <summary>Of inputs that are pictures, which axes are which, by name: <c>NCHW</c> or <c>NHWC</c>. Said to whoever asks for the model's configuration, and to nobody else.</summary>
    public IReadOnlyDictionary<string, string> InputFormats { get; init; } = new Dictionary<string, string>();

    /// <summary>Names of the classes of an output, by the output's name: what the elements of its rows stand for, in order.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Labels { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Free text by name, for whoever asks for the model's configuration.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>();

    /// <summary>Options of ONNX Runtime.</summary>
    public OnnxSettings Onnx { get; init; } = OnnxSettings.Default;
}

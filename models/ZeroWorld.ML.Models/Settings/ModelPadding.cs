namespace ZeroWorld.ML.Models;

/// <summary>Sizes that runs of a model are brought to by padding, so that an engine meets few shapes and requests of different lengths share a run.</summary>
/// <remarks>Whoever declares it says that padding changes no result: the model masks it. Immutable. Equal by reference.</remarks>
public sealed record ModelPadding
{
    // Code that is generated to read JSON sets what is absent to null, here and below.
    /// <summary>Sizes of runs in rows, ascending; a run with rows in between gets copies of its first row up to the next. Empty: any size.</summary>
    public IReadOnlyList<int> Rows { get; init => field = value ?? []; } = [];

    /// <summary>Axes within rows.</summary>
    public IReadOnlyList<PaddedAxis> Axes { get; init => field = value ?? []; } = [];
}

/// <summary>An axis that several tensors share, such as the length of a text.</summary>
/// <param name="Sizes">Ascending. An axis in between is padded up to the next; one beyond the last stays as it is.</param>
/// <param name="Inputs">The inputs that have it: of one length in a request.</param>
/// <param name="Outputs">The outputs that have it: cut back to the length of the request.</param>
public sealed record PaddedAxis(IReadOnlyList<int> Sizes, IReadOnlyList<PaddedInput> Inputs, IReadOnlyList<PaddedOutput> Outputs);

/// <param name="Tensor">Name of the input.</param>
/// <param name="Axis">1 or more: 0 is the axis of rows.</param>
/// <param name="Value">What it is padded with; of texts the empty one.</param>
public sealed record PaddedInput(string Tensor, int Axis, double Value = 0);

/// <param name="Tensor">Name of the output.</param>
/// <param name="Axis">1 or more.</param>
public sealed record PaddedOutput(string Tensor, int Axis);

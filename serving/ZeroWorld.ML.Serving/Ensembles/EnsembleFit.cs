using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Whether the models of an ensemble's steps take and give what its configuration says, in the words of Triton. Pure.</summary>
/// <remarks>A step whose model is not in memory is believed: it is checked with the requests.</remarks>
internal sealed class EnsembleFit
{
    private readonly string _ensemble;
    private readonly int _rowsMax;

    // What is known of each tensor, and by whom.
    private readonly Dictionary<string, (TensorSpec Spec, bool HasRows, string Model)> _known = new(StringComparer.Ordinal);

    private EnsembleFit(string ensemble, ModelSignature signature, int rowsMax)
    {
        (_ensemble, _rowsMax) = (ensemble, signature.IsBatchable ? rowsMax : 0);
        foreach (var input in signature.Inputs)
        {
            _known[input.Name] = (input, signature.IsBatchable, ensemble);
        }
    }

    /// <param name="ensemble">Its name.</param>
    /// <param name="signature">What its configuration declares.</param>
    /// <param name="steps">In an order in which each finds its inputs.</param>
    /// <param name="rowsMax">Rows of its largest request.</param>
    /// <param name="find">What answers a step now; <see langword="null"/>: nothing that is in memory.</param>
    /// <returns><see langword="null"/> where nothing is wrong.</returns>
    public static string? FindProblem(string ensemble, ModelSignature signature, IReadOnlyList<EnsembleStep> steps, int rowsMax, Func<EnsembleStep, Servable?> find)
    {
        var fit = new EnsembleFit(ensemble, signature, rowsMax);
        foreach (var step in steps)
        {
            if (find(step) is { } servable && fit.FindProblem(step, servable) is { } problem)
            {
                return problem;
            }
        }

        return signature.Outputs.Select(output => fit.Meet(output.Name, output, signature.IsBatchable, ensemble)).FirstOrDefault(static problem => problem is not null);
    }

    private string? FindProblem(EnsembleStep step, Servable servable)
    {
        if (servable.Signature.IsBatchable && servable.RowsMax < _rowsMax)
        {
            return $"ensemble {_ensemble} allows maximum batch size {_rowsMax}, but it contains model {step.Model.Name} which only allows maximum batch size to be {servable.RowsMax}";
        }

        foreach (var (name, tensor) in step.Inputs)
        {
            var input = InferenceInputs.IndexOf(servable.Signature.Inputs, name);
            if (input < 0)
            {
                return $"in ensemble {_ensemble}, ensemble tensor {tensor} is mapping to non-existing input {name} in model {step.Model.Name}";
            }

            if (Meet(tensor, servable.Signature.Inputs[input], servable.Signature.IsBatchable, step.Model.Name) is { } problem)
            {
                return problem;
            }
        }

        if (servable.Signature.Inputs.FirstOrDefault(input => !input.IsOptional && !step.Inputs.ContainsKey(input.Name)) is { } lacking)
        {
            return $"in ensemble {_ensemble}, input {lacking.Name} in model {step.Model.Name} is not mapped to any ensemble tensors";
        }

        foreach (var (name, tensor) in step.Outputs)
        {
            var output = InferenceInputs.IndexOf(servable.Signature.Outputs, name);
            if (output < 0)
            {
                return $"in ensemble {_ensemble}, ensemble tensor {tensor} is mapped from non-existing output {name} in model {step.Model.Name}";
            }

            _known[tensor] = (servable.Signature.Outputs[output], servable.Signature.IsBatchable, step.Model.Name);
        }

        return null;
    }

    /// <summary>Compares a tensor with what gives it.</summary>
    private string? Meet(string tensor, TensorSpec spec, bool hasRows, string model)
    {
        if (!_known.TryGetValue(tensor, out var known))
        {
            return null;
        }

        var (given, givenHasRows, giver) = known;
        if (given.Dtype != spec.Dtype)
        {
            return $"in ensemble {_ensemble}, ensemble tensor {tensor}: inconsistent data type: {ToConfigName(given.Dtype)} is inferred from model {giver} while {ToConfigName(spec.Dtype)} is inferred from model {model}";
        }

        return EnsembleTensor.CanBeOne(given, givenHasRows, spec, hasRows)
            ? null
            : $"in ensemble {_ensemble}, ensemble tensor {tensor}: inconsistent shape: {TensorShape.ToText(given.Shape)} is inferred from model {giver} while {TensorShape.ToText(spec.Shape)} is inferred from model {model}";
    }

    private static string ToConfigName(TensorDtype dtype) => dtype == TensorDtype.Bytes ? "TYPE_STRING" : $"TYPE_{dtype.ToName()}";
}

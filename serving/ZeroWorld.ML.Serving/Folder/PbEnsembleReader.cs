using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads <c>ensemble_scheduling</c> of a <c>config.pbtxt</c>.</summary>
internal static class PbEnsembleReader
{
    private const int StepsMax = 256;

    /// <exception cref="ModelConfigException">The first field that is wrong.</exception>
    public static IReadOnlyList<(EnsembleStep Step, ConfigNode Place)> Read(ConfigNode ensemble)
    {
        var steps = PbConfigReader.Message(ensemble).Where(static field => field.Name != "max_inflight_requests").Select(static field => (ReadStep(PbConfigReader.Only(field, "step")), field)).ToList();
        return steps.Count is > 0 and <= StepsMax
            ? steps
            : throw new ModelConfigException(ensemble.Line, ensemble.Column, $"'ensemble_scheduling' has {steps.Count} steps; expected 1 to {StepsMax}");
    }

    /// <summary>The steps in an order in which each finds its inputs.</summary>
    /// <param name="steps">As they were written.</param>
    /// <param name="name">Name of the ensemble, where it is said.</param>
    /// <exception cref="ModelConfigException">A tensor that nothing gives, or that two give.</exception>
    public static EnsembleStep[] Order(IReadOnlyList<(EnsembleStep Step, ConfigNode Place)> steps, IReadOnlyList<string> inputs, IEnumerable<PbTensor> outputs, string? name)
    {
        var known = inputs.ToHashSet(StringComparer.Ordinal);
        var given = new HashSet<string>(known, StringComparer.Ordinal);
        foreach (var (step, place) in steps)
        {
            if (step.Model.Name == name)
            {
                throw Wrong(place, "has the ensemble itself as model_name; expected another model");
            }

            if (step.Outputs.Values.FirstOrDefault(tensor => !given.Add(tensor)) is { } twice)
            {
                throw Wrong(place, $"gives the tensor '{twice}', which an input or another step gives already");
            }
        }

        var (ordered, left) = (new List<EnsembleStep>(), steps.ToList());
        while (left.Count > 0)
        {
            var ready = left.FindIndex(item => item.Step.Inputs.Values.All(known.Contains));
            if (ready < 0)
            {
                var (step, place) = left[0];
                var missing = step.Inputs.Values.First(tensor => !known.Contains(tensor));
                throw Wrong(place, given.Contains(missing) ? $"reads the tensor '{missing}', which comes, at last, of its own outputs" : $"reads the tensor '{missing}', which no input and no step gives");
            }

            ordered.Add(left[ready].Step);
            known.UnionWith(left[ready].Step.Outputs.Values);
            left.RemoveAt(ready);
        }

        if (inputs.FirstOrDefault(input => !steps.Any(item => item.Step.Inputs.Values.Contains(input))) is { } unread)
        {
            throw Wrong(steps[^1].Place, $"is the last, and none reads the input '{unread}'");
        }

        return outputs.FirstOrDefault(output => !steps.Any(item => item.Step.Outputs.Values.Contains(output.Spec.Name))) is { } lacking
            ? throw Wrong(steps[^1].Place, $"is the last, and none gives the output '{lacking.Spec.Name}'")
            : [.. ordered];

        static ModelConfigException Wrong(ConfigNode place, string what) => new(place.Line, place.Column, $"this step of the ensemble {what}");
    }

    private static EnsembleStep ReadStep(ConfigNode step)
    {
        var (model, version) = ("", -1L);
        var (inputs, outputs) = (new Dictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var node in PbConfigReader.Message(step))
        {
            switch (node.Name)
            {
                case "model_name":
                    model = PbConfigReader.Text(node);
                    break;
                case "model_version":
                    version = PbConfigReader.Number(node, -1, long.MaxValue);
                    break;
                case "input_map" or "output_map":
                    var (key, value) = PbConfigReader.ReadMapEntry(PbConfigReader.Message(node), PbConfigReader.Text);
                    if (key == "" || value == "" || !(node.Name == "input_map" ? inputs : outputs).TryAdd(key, value))
                    {
                        throw node.Wrong("a key that no other has, the name of the model's tensor, and as value the name of the ensemble's tensor");
                    }

                    break;
                default:
                    throw PbConfigReader.Refuse(node);
            }
        }

        // As in Triton, -1 is the newest, which 0, what protobuf has for nothing, is taken for, too.
        return ModelName.TryParse(model, out var parsed) && parsed.Project == ModelName.DefaultProject && inputs.Count > 0 && outputs.Count > 0
            ? new EnsembleStep(parsed, version < 1 ? null : version, inputs, outputs)
            : throw new ModelConfigException(step.Line, step.Column, $"this step of the ensemble has the model_name '{model}', {inputs.Count} input_map and {outputs.Count} output_map; expected the name of a model and at least one of each");
    }
}

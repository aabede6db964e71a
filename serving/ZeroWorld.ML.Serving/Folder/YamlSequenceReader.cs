using System.Globalization;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads <c>sequences</c> of a <c>model.yaml</c>.</summary>
internal static class YamlSequenceReader
{
    private static readonly Dictionary<string, SequenceControlKind> Kinds = new(StringComparer.Ordinal)
    {
        ["start"] = SequenceControlKind.Start, ["ready"] = SequenceControlKind.Ready, ["end"] = SequenceControlKind.End, ["id"] = SequenceControlKind.CorrelationId,
    };

    /// <exception cref="ModelConfigException">The first setting that is wrong.</exception>
    public static SequenceSettings Read(ConfigNode sequences)
    {
        var settings = new SequenceSettings();
        foreach (var node in PbConfigReader.Message(sequences))
        {
            settings = node.Name switch
            {
                "idle_max" => settings with { IdleMax = ReadIdle(node) },
                "candidates_max" => settings with { CandidatesMax = (int)PbConfigReader.Number(node, 1, PbSequenceReader.CandidatesMax) },
                "rows_share_min" => settings with { SlotUtilizationMin = ReadNumber(node) is >= 0 and <= 1 and var share ? share : throw node.Wrong("0 to 1") },
                "controls" => settings with { Controls = [.. settings.Controls, ReadControl(node)] },
                "states" => settings with { States = [.. settings.States, ReadState(node)] },
                _ => throw Unknown(node, "idle_max, candidates_max, rows_share_min, controls, states"),
            };
        }

        PbSequenceReader.Check(settings, sequences);
        return settings;
    }

    private static SequenceControl ReadControl(ConfigNode control)
    {
        var (input, dtype) = ("", (TensorDtype?)null);
        SequenceControlKind? kind = null;
        var values = new List<double>();
        foreach (var node in PbConfigReader.Message(control))
        {
            switch (node.Name)
            {
                case "input":
                    input = Text(node);
                    break;
                case "kind":
                    kind = Kinds.TryGetValue(node.Text, out var found) ? found : throw node.Wrong(string.Join(", ", Kinds.Keys));
                    break;
                case "dtype":
                    dtype = ReadDtype(node);
                    break;
                case "values":
                    values.Add(node is { Kind: ConfigKind.Word, Text: "true" or "false" } ? node.Text == "true" ? 1 : 0 : ReadNumber(node));
                    break;
                default:
                    throw Unknown(node, "input, kind, dtype, values");
            }
        }

        if (input == "" || kind is not { } known || dtype is not { } type)
        {
            throw new ModelConfigException(control.Line, control.Column, $"a control lacks its {(input == "" ? "input" : kind is null ? "kind" : "dtype")}");
        }

        if (known == SequenceControlKind.CorrelationId)
        {
            return values.Count == 0 && type is TensorDtype.Int32 or TensorDtype.UInt32 or TensorDtype.Int64 or TensorDtype.UInt64 or TensorDtype.Bytes
                ? new SequenceControl(input, known, type)
                : throw new ModelConfigException(control.Line, control.Column, $"the control '{input}' of the kind id is {type.ToName()}{(values.Count == 0 ? "" : " with values")}; expected INT32, UINT32, INT64, UINT64 or BYTES, without values");
        }

        return values.Count is 0 or 2 && type is TensorDtype.Int32 or TensorDtype.Float32 or TensorDtype.Bool
            ? new SequenceControl(input, known, type, values is [var no, _] ? no : 0, values is [_, var yes] ? yes : 1)
            : throw new ModelConfigException(control.Line, control.Column, $"the control '{input}' is {type.ToName()} with {values.Count} values; expected INT32, FP32 or BOOL, and values for false and true, or none for 0 and 1");
    }

    private static SequenceState ReadState(ConfigNode state)
    {
        var (input, output, isAnswered) = ("", "", false);
        var (dtype, file) = ((TensorDtype?)null, (string?)null);
        var (shape, initial) = (new List<long>(), new List<long>());
        foreach (var node in PbConfigReader.Message(state))
        {
            switch (node.Name)
            {
                case "input":
                    input = Text(node);
                    break;
                case "output":
                    output = Text(node);
                    break;
                case "dtype":
                    dtype = ReadDtype(node);
                    break;
                case "shape" when shape.Count < PbSequenceReader.ListMax:
                    shape.Add(PbConfigReader.Number(node, -1, int.MaxValue));
                    break;
                case "initial_shape" when initial.Count < PbSequenceReader.ListMax:
                    initial.Add(PbConfigReader.Number(node, 0, int.MaxValue));
                    break;
                case "initial_file":
                    file = Text(node);
                    break;
                case "answered":
                    isAnswered = PbConfigReader.Flag(node);
                    break;
                default:
                    throw Unknown(node, $"input, output, dtype, shape, initial_shape, initial_file, answered, with at most {PbSequenceReader.ListMax} dimensions");
            }
        }

        if (input == "" || output == "" || dtype is not { } type)
        {
            throw new ModelConfigException(state.Line, state.Column, $"a state lacks its {(input == "" ? "input" : output == "" ? "output" : "dtype")}");
        }

        var read = new SequenceState(input, output, type, shape) { InitialFile = file, IsAnswered = isAnswered };
        return initial.Count == 0 ? read
            : initial.Count == shape.Count && shape.Zip(initial).All(static pair => pair.First is -1 || pair.First == pair.Second) ? read with { InitialShape = initial }
            : throw new ModelConfigException(state.Line, state.Column, $"the initial_shape of '{input}' is {TensorShape.ToText(initial)}; expected {TensorShape.ToText(shape)}");
    }

    private static TimeSpan ReadIdle(ConfigNode node)
    {
        var (text, unit) = node.Text switch
        {
            [.. var number, 'm', 's'] => (number, 0.001),
            [.. var number, 's'] => (number, 1.0),
            [.. var number, 'm'] => (number, 60.0),
            [.. var number, 'h'] => (number, 3600.0),
            _ => ("", 0.0),
        };
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) && count * unit is > 0 and <= 86_400
            ? TimeSpan.FromSeconds(count * unit)
            : throw node.Wrong("a duration such as 500ms, 5s or 10m, more than 0 and at most 24h");
    }

    private static TensorDtype ReadDtype(ConfigNode node) => TensorDtypes.TryParse(node.Text, out var parsed) ? parsed : throw node.Wrong("a datatype of the Open Inference Protocol: FP32, INT64, BYTES...");

    private static double ReadNumber(ConfigNode node) => double.TryParse(node.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : throw node.Wrong("a number");

    private static string Text(ConfigNode node) => node.Kind == ConfigKind.Message ? throw node.Wrong("a text") : node.Text;

    private static ModelConfigException Unknown(ConfigNode node, string expected) => new(node.Line, node.Column, $"there is no setting '{node.Name}'; expected one of {expected}");
}

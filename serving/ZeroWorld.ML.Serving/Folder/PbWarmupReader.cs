using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Reads <c>model_warmup</c> of a <c>config.pbtxt</c>. Files are named there, and found by <see cref="DataFiles"/>.</summary>
internal static class PbWarmupReader
{
    private const int RunsMax = 10_000;
    private const int InputsMax = 1024;

    /// <exception cref="ModelConfigException">The first field that is wrong.</exception>
    public static (WarmupSample Sample, ConfigNode Place) Read(ConfigNode warmup)
    {
        var (name, rows, runs) = ("", 0L, 0L);
        var inputs = new List<WarmupTensor>();
        foreach (var node in PbConfigReader.Message(warmup))
        {
            switch (node.Name)
            {
                case "name":
                    name = PbConfigReader.Text(node);
                    break;
                case "batch_size":
                    rows = PbConfigReader.Number(node, 0, int.MaxValue);
                    break;
                case "count":
                    runs = PbConfigReader.Number(node, 0, RunsMax);
                    break;
                case "inputs" when inputs.Count < InputsMax:
                    inputs.Add(ReadInput(node));
                    break;
                default:
                    throw PbConfigReader.Refuse(node);
            }
        }

        // In protobuf a field that is left out is 0.
        return (new WarmupSample(name, (int)Math.Max(rows, 1), (int)Math.Max(runs, 1), inputs), warmup);
    }

    private static WarmupTensor ReadInput(ConfigNode entry)
    {
        string? name = null;
        ConfigNode? value = null;
        foreach (var node in PbConfigReader.Message(entry))
        {
            switch (node.Name)
            {
                case "key":
                    name = PbConfigReader.Text(node);
                    break;
                case "value":
                    value = node;
                    break;
                default:
                    throw PbConfigReader.Refuse(node);
            }
        }

        TensorDtype? dtype = null;
        var dims = new List<long>();
        string? data = null, file = null;
        foreach (var node in value is null ? [] : PbConfigReader.Message(value))
        {
            switch (node.Name)
            {
                case "data_type":
                    dtype = PbTensorReader.ToDtype(node);
                    break;
                case "dims":
                    dims.Add(PbConfigReader.Number(node, 0, int.MaxValue));
                    break;
                case "zero_data" or "random_data":
                    // Triton looks at which of them is there and not at its value.
                    PbConfigReader.Flag(node);
                    (data, file) = (node.Name, null);
                    break;
                case "input_data_file":
                    (data, file) = (node.Name, PbConfigReader.Text(node));
                    break;
                default:
                    throw PbConfigReader.Refuse(node);
            }
        }

        if (string.IsNullOrEmpty(name) || dtype is null || data is null)
        {
            var lacking = string.IsNullOrEmpty(name) ? "a key" : dtype is null ? "a data_type" : "zero_data, random_data or an input_data_file";
            throw new ModelConfigException(entry.Line, entry.Column, $"an input of model_warmup lacks {lacking}");
        }

        return new WarmupTensor(new TensorSpec(name, dtype.Value, dims), data == "random_data", file);
    }
}

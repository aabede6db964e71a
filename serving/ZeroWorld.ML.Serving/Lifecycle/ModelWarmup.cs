using System.Diagnostics;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Runs a model with every size of batch before its first request: allocations, kernels and plans of a first run are made then.</summary>
internal static class ModelWarmup
{
    // Beyond it, sizes that nobody named are not run: a request of that many rows is rare, and a run of them long.
    private const int LadderRowsMax = 64;
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(20);

    /// <summary>The sizes: those of the padding, or those that were named, else 1, 2, 4... and the preferred ones, up to the largest batch. Ascending.</summary>
    public static IReadOnlyList<int> ChooseRows(ModelSettings settings, IReadOnlyList<int> padded, int batchRowsMax)
    {
        if (padded.Count > 0)
        {
            return [.. padded.Where(rows => rows <= batchRowsMax)];
        }

        if (settings.WarmupRows.Count > 0)
        {
            return [.. settings.WarmupRows.Where(rows => rows <= batchRowsMax)];
        }

        var sizes = new SortedSet<int>(settings.PreferredRows.Where(rows => rows <= batchRowsMax));
        for (var rows = 1; rows <= Math.Min(batchRowsMax, LadderRowsMax); rows *= 2)
        {
            sizes.Add(rows);
        }

        if (settings.BatchRowsMax is { } declared && declared <= batchRowsMax && declared <= 4 * LadderRowsMax)
        {
            sizes.Add(declared);
        }

        return [.. sizes];
    }

    /// <summary>Runs the golden samples, and their rows repeated to every size; zeros where there are none.</summary>
    /// <exception cref="ServingException">A golden sample failed, or a request that the settings name. Zeros may be no valid input, so that their failure says nothing.</exception>
    public static void Run(LoadedModel model, int batchRowsMax)
    {
        if (model.Package.Settings.Steps.Count > 0)
        {
            // The models of its steps are warmed up themselves.
            return;
        }

        var started = Stopwatch.GetTimestamp();
        GoldenCheck.Run(model);
        foreach (var sample in model.Package.Settings.WarmupSamples)
        {
            NamedWarmup.Run(model, sample);
        }

        var signature = model.Instance.Signature;
        foreach (var inputs in (signature.IsBatchable ? ChooseRows(model.Package.Settings, model.Padding?.Rows ?? [], batchRowsMax) : [1]).SelectMany(rows => MakeInputs(model, rows)))
        {
            if (Stopwatch.GetElapsedTime(started) > TimeMax)
            {
                return;
            }

            try
            {
                model.Instance.Run(inputs);
            }
            catch (ServingException exception) when (exception.Error is ServingError.BackendFailed or ServingError.Overloaded)
            {
                return;
            }
        }
    }

    /// <summary>Inputs of as many rows: one of each size of the padded axes, where there are any.</summary>
    private static IEnumerable<TensorBuffer[]> MakeInputs(LoadedModel model, int rows)
    {
        var signature = model.Instance.Signature;
        return model.Padding is { HasAxes: true } padding ? padding.MakeWarmups(signature, rows)
            : [model.Golden.Count > 0 && signature.IsBatchable ? Repeat(GoldenCheck.ToInputs(signature, model.Golden[0]), rows) : MakeZeros(signature, rows)];
    }

    /// <summary>Inputs of zeros: open axes are 1 long, the row axis as many as are wanted; inputs that may be left out are.</summary>
    public static TensorBuffer[] MakeZeros(ModelSignature signature, int rows)
    {
        var inputs = new TensorBuffer[signature.Inputs.Count];
        for (var index = 0; index < inputs.Length; index++)
        {
            var spec = signature.Inputs[index];
            if (!spec.IsOptional)
            {
                inputs[index] = MakeZeros(spec, signature.IsBatchable ? rows : 1);
            }
        }

        return inputs;
    }

    private static TensorBuffer MakeZeros(TensorSpec spec, int rows)
    {
        long[] shape = [.. spec.Shape.Select((size, axis) => size >= 0 ? size : axis == 0 ? rows : 1)];
        if (!TensorShape.TryCountElements(shape, out var count) || (long)count * Math.Max(spec.Dtype.Width(), 1) > Array.MaxLength)
        {
            throw new ServingException(ServingError.BackendFailed, $"The input {spec} is too large for a run of {rows} rows.");
        }

        if (spec.Dtype != TensorDtype.Bytes)
        {
            return TensorBuffer.Of(spec.Dtype, shape, new byte[count * spec.Dtype.Width()]);
        }

        var strings = new byte[count][];
        Array.Fill(strings, []);
        return TensorBuffer.OfStrings(shape, strings);
    }

    /// <summary>The rows of the inputs again and again, until there are as many.</summary>
    public static TensorBuffer[] Repeat(IReadOnlyList<TensorBuffer?> sample, int rows)
    {
        var repeated = new TensorBuffer[sample.Count];
        for (var index = 0; index < sample.Count; index++)
        {
            if (sample[index] is not { } row)
            {
                // An input that is left out.
                continue;
            }

            long[] shape = [.. row.Shape];
            if (row.Dtype == TensorDtype.Bytes)
            {
                var perRow = row.Rows == 0 ? 0 : row.ElementCount / row.Rows;
                shape[0] = row.Rows == 0 ? 0 : rows;
                var strings = new byte[perRow * shape[0]][];
                for (var element = 0; element < strings.Length; element++)
                {
                    strings[element] = row.Strings.Span[element % row.ElementCount];
                }

                repeated[index] = TensorBuffer.OfStrings(shape, strings);
                continue;
            }

            var bytes = row.Rows == 0 ? 0 : row.Data.Length / row.Rows;
            shape[0] = row.Rows == 0 ? 0 : rows;
            var data = new byte[bytes * shape[0]];
            for (var copy = 0; copy < shape[0]; copy++)
            {
                row.Data.Span.Slice(copy % row.Rows * bytes, bytes).CopyTo(data.AsSpan(copy * bytes));
            }

            repeated[index] = TensorBuffer.Of(row.Dtype, shape, data);
        }

        return repeated;
    }
}

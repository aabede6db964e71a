using System.Runtime.InteropServices;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Rows as LightGBM holds them: features in bins, labels, weights. 1 to 2 bytes per value. Read by any number of fits at a time.</summary>
internal sealed class LightGbmDataset : SafeHandle
{
    private LightGbmDataset(nint handle)
        : base(0, ownsHandle: true) => SetHandle(handle);

    public override bool IsInvalid => handle == 0;

    /// <summary>Bins some rows of a table, which are read in place.</summary>
    /// <param name="reference">Whose bins to take; <see langword="null"/>: bins are found on the rows.</param>
    internal static LightGbmDataset Of(TrainingTable table, ReadOnlySpan<int> rows, double positiveWeight, string parameters, LightGbmDataset? reference)
    {
        var dataset = new LightGbmDataset(Create(table, rows, parameters, reference));
        try
        {
            var (labels, weights) = (new float[rows.Length], positiveWeight == 1 ? [] : new float[rows.Length]);
            for (var index = 0; index < rows.Length; index++)
            {
                var label = table.Label(rows[index]);
                labels[index] = label ? 1 : 0;
                if (weights.Length > 0)
                {
                    weights[index] = label ? (float)positiveWeight : 1;
                }
            }

            LightGbmLibrary.Check(LightGbmLibrary.SetField(dataset, "label", labels, labels.Length, LightGbmLibrary.Float32));
            if (weights.Length > 0)
            {
                LightGbmLibrary.Check(LightGbmLibrary.SetField(dataset, "weight", weights, weights.Length, LightGbmLibrary.Float32));
            }

            return dataset;
        }
        catch
        {
            dataset.Dispose();
            throw;
        }
    }

    /// <summary>What models that are made from now on begin with.</summary>
    /// <param name="scores">One per row; empty: the mean of the labels.</param>
    internal void SetFirstScores(double[] scores) => LightGbmLibrary.Check(LightGbmLibrary.SetField(this, "init_score", scores, scores.Length, LightGbmLibrary.Float64));

    protected override bool ReleaseHandle() => LightGbmLibrary.FreeDataset(handle) == 0;

    // Rows that follow each other in the table are one block of the library's input: splits by time are few blocks.
    private static unsafe nint Create(TrainingTable table, ReadOnlySpan<int> rows, string parameters, LightGbmDataset? reference)
    {
        var (firsts, counts) = (new List<int>(), new List<int>());
        foreach (var row in rows)
        {
            if (firsts.Count > 0 && row == firsts[^1] + counts[^1])
            {
                counts[^1]++;
            }
            else
            {
                firsts.Add(row);
                counts.Add(1);
            }
        }

        var columns = table.FeatureNames.Count;
        var (blocks, lengths, rowMajor) = (new nint[firsts.Count], counts.ToArray(), new int[firsts.Count]);
        Array.Fill(rowMajor, 1);
        fixed (float* values = table.Features(0))
        fixed (nint* pointers = blocks)
        fixed (int* rowCounts = lengths, isRowMajor = rowMajor)
        {
            for (var block = 0; block < blocks.Length; block++)
            {
                pointers[block] = (nint)(values + ((long)firsts[block] * columns));
            }

            var known = reference?.DangerousGetHandle() ?? 0;
            var status = LightGbmLibrary.CreateDataset(
                blocks.Length, (float**)pointers, LightGbmLibrary.Float32, rowCounts, columns, isRowMajor, parameters, known, out var dataset);
            GC.KeepAlive(reference);
            LightGbmLibrary.Check(status);
            return dataset;
        }
    }
}

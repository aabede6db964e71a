namespace ZeroWorld.ML.Training.Moderation;

/// <summary>Squared scales of features, so normed that a row's mean length stays what it was. Pure functions.</summary>
internal static class FeatureScales
{
    private const float Smoothing = 0.5f;

    /// <summary>One squared scale per id, from how many of the rows have it.</summary>
    public static float[] Rarity(SparseRows features, ReadOnlySpan<int> rows)
    {
        var scales = new float[features.Size];
        foreach (var row in rows)
        {
            foreach (var id in features.Ids(row))
            {
                scales[id]++;
            }
        }

        for (var id = 0; id < scales.Length; id++)
        {
            var scale = 1 + MathF.Log((1f + rows.Length) / (1 + scales[id]));
            scales[id] = scale * scale;
        }

        Norm(features, rows, scales, 1);
        return scales;
    }

    /// <summary>One squared scale per id and label: the absolute log ratio between rows with the label and rows without it.</summary>
    public static float[] LogRatio(SparseRows features, ReadOnlySpan<int> rows, sbyte[] signs, int stride)
    {
        var (with, without) = (new float[features.Size * stride], new float[features.Size * stride]);
        var totals = new double[2, stride];
        for (var row = 0; row < rows.Length; row++)
        {
            var ids = features.Ids(rows[row]);
            for (var label = 0; label < stride; label++)
            {
                var isWith = signs[(row * stride) + label] > 0;
                var counts = isWith ? with : without;
                totals[isWith ? 0 : 1, label]++;
                foreach (var id in ids)
                {
                    counts[(id * stride) + label]++;
                }
            }
        }

        for (var place = 0; place < with.Length; place++)
        {
            var label = place % stride;
            var ratio = Math.Log((with[place] + Smoothing) / (totals[0, label] + (2 * Smoothing))) - Math.Log((without[place] + Smoothing) / (totals[1, label] + (2 * Smoothing)));
            with[place] = with[place] + without[place] == 0 ? 0 : (float)(ratio * ratio);
        }

        Norm(features, rows, with, stride);
        return with;
    }

    private static void Norm(SparseRows features, ReadOnlySpan<int> rows, float[] scales, int stride)
    {
        for (var label = 0; label < stride; label++)
        {
            var (plain, scaled) = (0.0, 0.0);
            foreach (var row in rows)
            {
                var ids = features.Ids(row);
                var values = features.Values(row);
                for (var place = 0; place < ids.Length; place++)
                {
                    var square = values[place] * values[place];
                    plain += square;
                    scaled += square * scales[(ids[place] * stride) + label];
                }
            }

            var factor = scaled > 0 ? (float)(plain / scaled) : 1;
            for (var place = label; place < scales.Length; place += stride)
            {
                scales[place] *= factor;
            }
        }
    }
}

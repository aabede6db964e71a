using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Decides whether the parts of a package fit together: manifest, model file and feature service. Pure.</summary>
/// <remarks>What a manifest says by itself was checked where it was read.</remarks>
internal static class PackageFit
{
    /// <summary>One clause per difference, empty when everything fits.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="file">The signature that the model file has.</param>
    /// <param name="service">The feature service that the manifest names; <see langword="null"/> when it names none.</param>
    public static IReadOnlyList<string> FindDifferences(ModelManifest manifest, ModelSignature file, FeatureService? service)
    {
        var differences = new List<string>(manifest.GetSignature().FindDifferences(file));
        if (manifest.Thresholds is { } thresholds && manifest.Outputs.First(output => output.Name == thresholds.Output) is { Dtype: not ("FP32" or "FP64") } deciding)
        {
            differences.Add($"the thresholds decide by the output '{deciding.Name}' of {deciding.Dtype}; expected FP32 or FP64");
        }

        if (service is not null)
        {
            CheckFeatures(manifest, service, differences);
            CheckTexts(manifest, service, differences);
        }

        return differences;
    }

    /// <summary>Ids of another featurizer would be numbers too, and every score wrong.</summary>
    private static void CheckTexts(ModelManifest manifest, FeatureService service, List<string> differences)
    {
        if (!manifest.Lineage.Parameters.TryGetValue(ModelLineage.TextFeatures, out var settings))
        {
            return;
        }

        foreach (var name in manifest.Inputs.SelectMany(static input => input.Features).Distinct())
        {
            if (service.Columns.FirstOrDefault(column => column.Name == name) is { Transform: >= 0 } column
                && service.Transforms[column.Transform] is { Expression: var expression }
                && TextTransform.FindSettings(expression) is { } found
                && found.Canonical != settings)
            {
                differences.Add($"the column '{name}' of the feature service is {expression}, but the model learned from the text features {settings}; write them, in quotes, as the second argument");
            }
        }
    }

    private static void CheckFeatures(ModelManifest manifest, FeatureService service, List<string> differences)
    {
        var positions = service.Columns.Select(static (column, index) => (column.Name, index)).ToDictionary(static item => item.Name, static item => item.index);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var input in manifest.Inputs)
        {
            if (input.Layout == InputLayouts.Texts || InputLayouts.AreTokens(input.Layout))
            {
                CheckTextColumns(input, service, differences);
                continue;
            }

            if (input.Layout is not (null or InputLayouts.Scalars))
            {
                CheckList(input, service, positions, taken, differences);
                continue;
            }

            if (input.Dtype is not ("FP32" or "FP64" or "INT64" or "INT32"))
            {
                differences.Add($"the feature input '{input.Tensor}' has dtype {input.Dtype}; expected FP32, FP64, INT64 or INT32, or BYTES with the layout texts");
            }

            if (input.Shape.Count != 2)
            {
                differences.Add($"the feature input '{input.Tensor}' has the shape {TensorShape.ToText(input.Shape)}; expected [-1,{input.Features.Count}] for its {input.Features.Count} features");
            }

            CheckColumns(input, service, positions, taken, differences);
        }

        var missing = service.Columns.Where(column => IsNumeric(column.Type) && !taken.Contains(column.Name)).Select(static column => column.Name).ToList();
        if (missing.Count > 0)
        {
            differences.Add($"the feature service '{service.Name}' has columns that the model does not take: {Names(missing)}");
        }
    }

    private static void CheckTextColumns(ManifestInput input, FeatureService service, List<string> differences)
    {
        foreach (var name in input.Features)
        {
            if (service.Columns.FirstOrDefault(column => column.Name == name) is not { } column)
            {
                differences.Add($"the input '{input.Tensor}' takes columns that the feature service '{service.Name}' does not have: '{name}'");
            }
            else if (column.Type != FeatureType.String)
            {
                differences.Add($"the column '{name}' of the feature service is {column.Type.ToText()}; the input '{input.Tensor}' of layout {input.Layout} expects {FeatureType.String.ToText()}");
            }
        }
    }

    private static void CheckList(ManifestInput input, FeatureService service, Dictionary<string, int> positions, HashSet<string> taken, List<string> differences)
    {
        var feature = input.Features[0];
        if (!positions.TryGetValue(feature, out var position))
        {
            differences.Add($"the input '{input.Tensor}' takes columns that the feature service '{service.Name}' does not have: '{feature}'");
            return;
        }

        var counts = input.Layout is InputLayouts.Mask or InputLayouts.Length;
        if (!counts && !taken.Add(feature))
        {
            differences.Add($"the column '{feature}' is taken twice");
        }

        FeatureType[] expected = counts ? [FeatureType.Int64List, FeatureType.Float64List, FeatureType.StringList]
            : input.Dtype is "INT64" or "INT32" ? [FeatureType.Int64List]
            : [FeatureType.Int64List, FeatureType.Float64List];
        if (!expected.Contains(service.Columns[position].Type))
        {
            differences.Add(
                $"the column '{feature}' of the feature service is {service.Columns[position].Type.ToText()}; the input '{input.Tensor}' of layout {input.Layout} and {input.Dtype} expects {string.Join(" or ", expected.Select(FeatureTypeNames.Of))}");
        }
    }

    private static void CheckColumns(
        ManifestInput input, FeatureService service, Dictionary<string, int> positions, HashSet<string> taken, List<string> differences)
    {
        var unknown = input.Features.Where(feature => !positions.ContainsKey(feature)).ToList();
        if (unknown.Count > 0)
        {
            differences.Add($"the input '{input.Tensor}' takes columns that the feature service '{service.Name}' does not have: {Names(unknown)}");
        }

        var previous = -1;
        var isOrdered = true;
        foreach (var feature in input.Features)
        {
            if (!taken.Add(feature))
            {
                differences.Add($"the column '{feature}' is taken twice");
            }

            if (!positions.TryGetValue(feature, out var position))
            {
                continue;
            }

            if (!IsNumeric(service.Columns[position].Type))
            {
                differences.Add($"the column '{feature}' of the feature service is {service.Columns[position].Type.ToText()}, which is no number");
            }
            else if (input.Dtype is "INT64" or "INT32" && service.Columns[position].Type is FeatureType.Float32 or FeatureType.Float64)
            {
                differences.Add($"the column '{feature}' of the feature service is {service.Columns[position].Type.ToText()}; the input '{input.Tensor}' of {input.Dtype} takes whole numbers");
            }

            if (isOrdered && position < previous)
            {
                isOrdered = false;
                differences.Add($"the input '{input.Tensor}' takes '{feature}' after '{service.Columns[previous].Name}', the feature service has them the other way round");
            }

            previous = position;
        }
    }

    private static bool IsNumeric(FeatureType type) => type is FeatureType.Bool or FeatureType.Int64 or FeatureType.Float32 or FeatureType.Float64 or FeatureType.Timestamp;

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(static name => $"'{name}'"));
}

namespace ZeroWorld.ML.Features;

/// <summary>Reads the <c>bounds</c> of a feature.</summary>
internal static class BoundsReader
{
    public static FeatureBounds? Read(YamlObject feature, FeatureType type, DefinitionErrors errors)
    {
        if (feature.Find("bounds") is not { } node || YamlObject.Of(node, "bounds", errors, "min", "max") is not { } bounds)
        {
            return null;
        }

        if (type is not (FeatureType.Int64 or FeatureType.Float32 or FeatureType.Float64 or FeatureType.Timestamp))
        {
            feature.Fail("bounds", $"a feature of type {FeatureTypeNames.Of(type)} has 'bounds'; expected them only for numbers and times");
            return null;
        }

        var (least, most) = (Read(bounds, "min", type), Read(bounds, "max", type));
        if (least is null && most is null)
        {
            bounds.Fail("min", "'bounds' holds neither 'min' nor 'max'; expected at least one of them");
        }
        else if (least > most)
        {
            bounds.Fail("min", "'min' of bounds is greater than 'max'; expected the smaller one first");
        }

        return new FeatureBounds(least, most);
    }

    private static double? Read(YamlObject bounds, string property, FeatureType type)
    {
        if (bounds.Find(property) is not { } node)
        {
            return null;
        }

        if (node is YamlScalar scalar && YamlValue.TryRead(scalar, type, out var value) && value.ToDouble() is var number && !double.IsNaN(number))
        {
            return number;
        }

        bounds.Fail(property, $"'{property}' of bounds is {node.Kind}; expected {YamlValue.Expected(type)}");
        return null;
    }
}

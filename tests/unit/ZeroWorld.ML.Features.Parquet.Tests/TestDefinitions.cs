using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Features.Parquet.Tests;

/// <summary>Definitions in code, so that these tests need no definition files.</summary>
internal static class TestDefinitions
{
    public static Entity Entity(string name, params (string Name, FeatureType Type)[] keys) =>
        new() { Name = name, Keys = [.. keys.Select(key => new EntityKey(key.Name, key.Type))] };

    public static FeatureField Field(string name, FeatureType type) => new(name, type, FeatureValue.Null(type), false);

    public static WindowFeature Window(
        string name, AggregateFunction function, string? column, TimeSpan window, FeatureValue? defaultValue = null)
    {
        var type = function == AggregateFunction.Count ? FeatureType.Int64 : FeatureType.Float64;
        return new WindowFeature(new FeatureField(name, type, defaultValue ?? FeatureValue.Null(type), false), function, column, window);
    }

    /// <summary>A service of request values, then every feature of the views in order.</summary>
    public static FeatureService Service(string name, IReadOnlyList<RequestValue> request, params FeatureView[] views) => new()
    {
        Project = "default",
        Name = name,
        RequestValues = request,
        Transforms = [],
        Columns =
        [
            .. request.Select((value, index) => new ServiceColumn { Name = value.Name, Type = value.Type, RequestValue = index }),
            .. views.SelectMany(view => view.Fields.Select((field, index) => new ServiceColumn { Name = field.Name, Type = field.Type, View = view, Field = index })),
        ],
        Fingerprint = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name))),
    };
}

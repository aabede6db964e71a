using System.Text.Json;
using System.Text.Unicode;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>The body of a prediction by entity: <c>{"entities": {"customer_id": 4961}, "request": {"amount": 57.16}}</c>; a list gives one value per row.</summary>
internal sealed class PredictJson : IDisposable
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    private readonly JsonDocument _document;
    private JsonElement _entities;
    private JsonElement _request;

    private PredictJson(JsonDocument document) => _document = document;

    public VersionSelector Selector { get; private set; } = VersionSelector.Champion;

    public bool OmitFeatures { get; private set; }

    /// <summary>Reason codes per row; 0 for none.</summary>
    public uint Reasons { get; private set; }

    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>.</exception>
    public static PredictJson Parse(ReadOnlyMemory<byte> json)
    {
        // The parser takes any bytes inside of texts, and fails when one of them is asked for.
        if (!Utf8.IsValid(json.Span))
        {
            throw new ServingException(ServingError.InvalidInput, "The body is not valid Unicode text.");
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, Options);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: the name of a property holds half of a surrogate pair.
            throw new ServingException(ServingError.InvalidInput, $"The body is not JSON: {(exception is JsonException fault ? $"{JsonFault.Of(fault)}." : exception.Message)}", exception);
        }

        var body = new PredictJson(document);
        try
        {
            body.Read(document.RootElement);
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <param name="model">The model that is asked.</param>
    /// <param name="plan">What it reads: the declared types; <see langword="null"/> for a model that is only called with tensors.</param>
    public PredictionRequest ToRequest(ModelName model, FeatureServicePlan? plan, long received = 0) => new()
    {
        Project = model.Project,
        Model = model.Name,
        Selector = Selector,
        Entities = JsonColumns.ReadEntities(_entities, plan),
        Request = JsonColumns.ReadRequest(_request, plan),
        Received = received,
    };

    public void Dispose() => _document.Dispose();

    private void Read(JsonElement root)
    {
        Expect(root, JsonValueKind.Object, "The body");
        var hasVersion = false;
        var hasAlias = false;
        foreach (var property in root.EnumerateObject())
        {
            switch (property.Name)
            {
                case "entities":
                    Expect(property.Value, JsonValueKind.Object, "'entities'");
                    _entities = property.Value;
                    break;
                case "request":
                    Expect(property.Value, JsonValueKind.Object, "'request'");
                    _request = property.Value;
                    break;
                case "version":
                    hasVersion = true;
                    Selector = VersionSelector.OfVersion(
                        property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetInt64(out var version) && version >= 1
                            ? version
                            : throw Wrong("'version'", property.Value, "a whole number of 1 or more"));
                    break;
                case "alias":
                    hasAlias = true;
                    Expect(property.Value, JsonValueKind.String, "'alias'");
                    Selector = VersionSelector.OfAlias(JsonValues.GetText(property.Value, "'alias'"));
                    break;
                case "omit_features":
                    OmitFeatures = property.Value.ValueKind is JsonValueKind.True or JsonValueKind.False
                        ? property.Value.GetBoolean()
                        : throw Wrong("'omit_features'", property.Value, "true or false");
                    break;
                case "reasons":
                    Reasons = property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetUInt32(out var reasons)
                        ? reasons
                        : throw Wrong("'reasons'", property.Value, $"a whole number of 0 to {PredictionReasons.CodesMax}");
                    break;
                default:
                    throw new ServingException(
                        ServingError.InvalidInput, $"Unknown property '{property.Name}'; expected one of entities, request, version, alias, omit_features, reasons.");
            }
        }

        if (hasVersion && hasAlias)
        {
            throw new ServingException(ServingError.InvalidInput, "Both 'version' and 'alias' are given; expected one of them, or none.");
        }
    }

    private static void Expect(JsonElement element, JsonValueKind kind, string what)
    {
        if (element.ValueKind != kind)
        {
            throw Wrong(what, element, kind == JsonValueKind.Object ? "an object" : "a string");
        }
    }

    private static ServingException Wrong(string what, JsonElement element, string expected) =>
        new(ServingError.InvalidInput, $"{what} is {JsonValues.Shorten(element)}; expected {expected}.");
}

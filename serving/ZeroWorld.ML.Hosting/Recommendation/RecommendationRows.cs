using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Training.Recommendation;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Hosting;

/// <summary>Recommendations as the prediction log holds them, there and back (docs/formats/prediction-log.md).</summary>
internal static class RecommendationRows
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(false).WithRecursionLimit(16));
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    public static AnsweredRow Of(RecommenderBundle bundle, RecommendRequest request, RecentItems recent, Recommendations given) => new()
    {
        Entities = EntitiesOf(bundle.UserKey, request, recent.IsNumber),
        Request = Formatter.Format(request),
        ServiceFingerprint = bundle.RecentItems?.Fingerprint ?? "",
        Features = recent.Cell is { } cell ? [(bundle.RecentItems!.Column, cell)] : [],
        Outputs = OutputsOf(given),
    };

    /// <summary>What was answered, as outputs of one row.</summary>
    public static IReadOnlyList<PredictionOutput> OutputsOf(Recommendations given)
    {
        var ids = new byte[given.Items.Count][];
        var scores = new float[given.Items.Count];
        for (var place = 0; place < ids.Length; place++)
        {
            (ids[place], scores[place]) = (Encoding.UTF8.GetBytes(given.Items[place].Id), given.Items[place].Score);
        }

        return
        [
            new PredictionOutput("count", TensorBuffer.Of(TensorDtype.Int32, [1, 1], BitConverter.GetBytes(ids.Length))),
            new PredictionOutput("source", TensorBuffer.OfStrings([1, 1], new[] { Encoding.UTF8.GetBytes(given.Source.ToString()) })),
            new PredictionOutput("ids", TensorBuffer.OfStrings([1, ids.Length], ids)),
            new PredictionOutput("scores", TensorBuffer.OfFloat32([1, ids.Length], scores)),
        ];
    }

    /// <summary>The question that was logged.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: the row holds none.</exception>
    public static RecommendRequest RequestOf(LoggedPrediction row)
    {
        try
        {
            return Parser.Parse<RecommendRequest>(row.Request ?? "");
        }
        catch (Exception exception) when (exception is InvalidProtocolBufferException or InvalidJsonException)
        {
            throw new ServingException(ServingError.ModelRefused, $"The log of prediction '{row.PredictionId}' holds the request {row.Request}, which is no RecommendRequest: {exception.Message}", exception);
        }
    }

    /// <summary>Recent items that were logged, the oldest first.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: they are no list.</exception>
    public static IReadOnlyList<string> RecentOf(LoggedPrediction row)
    {
        if (row.FeatureTexts is not [{ } text])
        {
            return [];
        }

        try
        {
            return [.. JsonNode.Parse(text)!.AsArray().Select(static item => item!.ToString()).Reverse()];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException)
        {
            throw new ServingException(ServingError.ModelRefused, $"The log of prediction '{row.PredictionId}' holds the recent items {text}, which are no list.", exception);
        }
    }

    /// <summary>The outputs that were logged.</summary>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: the bytes are none of a recommendation.</exception>
    public static IReadOnlyList<PredictionOutput> OutputsOf(LoggedPrediction row)
    {
        var bytes = (row.Output ?? []).AsMemory();
        var count = bytes.Length >= sizeof(int) ? BitConverter.ToInt32(bytes.Span) : -1;
        if (count is < 0 or > RecommendQuery.CountMax)
        {
            throw Misfit(row);
        }

        ReadOnlyMemory<byte> rest = bytes[sizeof(int)..];
        var source = Texts(row, ref rest, 1);
        var ids = Texts(row, ref rest, count);
        if (rest.Length != count * sizeof(float))
        {
            throw Misfit(row);
        }

        return
        [
            new PredictionOutput("count", TensorBuffer.Of(TensorDtype.Int32, [1, 1], bytes[..sizeof(int)])),
            new PredictionOutput("source", TensorBuffer.OfStrings([1, 1], source)),
            new PredictionOutput("ids", TensorBuffer.OfStrings([1, count], ids)),
            new PredictionOutput("scores", TensorBuffer.Of(TensorDtype.Float32, [1, count], rest)),
        ];
    }

    private static byte[][] Texts(LoggedPrediction row, ref ReadOnlyMemory<byte> rest, int count)
    {
        var texts = new byte[count][];
        for (var place = 0; place < count; place++)
        {
            var length = rest.Length >= sizeof(uint) ? BitConverter.ToUInt32(rest.Span) : uint.MaxValue;
            if (length > rest.Length - sizeof(uint))
            {
                throw Misfit(row);
            }

            texts[place] = rest.Slice(sizeof(uint), (int)length).ToArray();
            rest = rest[(sizeof(uint) + (int)length)..];
        }

        return texts;
    }

    private static ServingException Misfit(LoggedPrediction row) => new(
        ServingError.ModelRefused, $"The log of prediction '{row.PredictionId}' holds {row.Output?.Length ?? 0} bytes of output, which are no recommendation.");

    private static string EntitiesOf(string key, RecommendRequest request, bool isNumber)
    {
        var user = request.User.Length > 0 ? request.User : request.SimilarToUser;
        if (user.Length == 0)
        {
            return "{}";
        }

        JsonNode value = isNumber ? JsonValue.Create(long.Parse(user, CultureInfo.InvariantCulture)) : JsonValue.Create(user);
        return new JsonObject { [key] = value }.ToJsonString();
    }
}

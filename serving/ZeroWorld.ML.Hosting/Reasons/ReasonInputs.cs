using Grpc.Core;
using ZeroWorld.ML.Features;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Serving;

namespace ZeroWorld.ML.Hosting;

/// <summary>Makes the features that reasons are of out of the cells of an answer, as the model's inputs are written from them.</summary>
/// <remarks>One caller at a time: a row's features lie in memory that the next row's take.</remarks>
internal sealed class ReasonInputs
{
    private readonly ReasonModel _model;
    private readonly int _columns;
    private readonly int[] _numberPlaces;
    private readonly int[] _timePlaces;
    private readonly int[] _textPlaces;
    private readonly float[] _numbers;
    private readonly double[] _times;
    private readonly string[] _texts;
    private readonly float[] _features;

    private ReasonInputs(ReasonModel model, int columns, int[] numbers, int[] times, int[] texts)
    {
        (_model, _columns, _numberPlaces, _timePlaces, _textPlaces) = (model, columns, numbers, times, texts);
        _numbers = new float[numbers.Length + (model.Encoding?.Clock?.Count ?? 0)];
        _times = new double[times.Length];
        _texts = new string[texts.Length];
        _features = model.Encoding is null ? _numbers : new float[model.FeatureCount];
    }

    /// <exception cref="ProtocolFailure">FAILED_PRECONDITION: the package binds its inputs otherwise than reasons are told from.</exception>
    internal static ReasonInputs Of(Servable servable, ReasonModel model, IReadOnlyList<ServiceColumn> columns)
    {
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var column = 0; column < columns.Count; column++)
        {
            places[columns[column].Name] = column;
        }

        var inputs = servable.Manifest.Inputs;
        if (model.Encoding is not { } encoding)
        {
            return inputs is [var input] && input.Features.Count == model.FeatureCount
                ? new ReasonInputs(model, columns.Count, PlacesOf(input), [], [])
                : throw Failure(servable, $"they are of {model.FeatureCount} features");
        }

        var (numbers, times, texts) = (Find(FeatureEncoding.NumbersInput), Find(FeatureEncoding.TimesInput), Find(FeatureEncoding.TextsInput));
        var timeCount = encoding.Clock is { } clock ? 1 + clock.Ages : 0;
        return (numbers.Length, times.Length, texts.Length) == (encoding.RawNumbers, timeCount, encoding.Texts.Count)
            ? new ReasonInputs(model, columns.Count, numbers, times, texts)
            : throw Failure(servable, $"they are of {encoding.RawNumbers} numbers, {timeCount} times and {encoding.Texts.Count} texts");

        int[] Find(string tensor) => inputs.FirstOrDefault(input => input.Tensor == tensor) is { } found ? PlacesOf(found) : [];

        int[] PlacesOf(ManifestInput input) => [.. input.Features.Select(name => places[name])];
    }

    /// <param name="row">Of the answer; one that could be scored.</param>
    internal ReadOnlySpan<float> Read(PredictionResult result, int row)
    {
        var cells = result.FeatureCells.Span.Slice(row * _columns, _columns);
        for (var column = 0; column < _numberPlaces.Length; column++)
        {
            // As the model's own input is written: bool is 0 or 1, a missing value NaN.
            _numbers[column] = (float)cells[_numberPlaces[column]].Value.ToDouble();
        }

        if (_model.Encoding is { } encoding)
        {
            for (var column = 0; column < _times.Length; column++)
            {
                _times[column] = cells[_timePlaces[column]].Value.ToDouble();
            }

            for (var column = 0; column < _texts.Length; column++)
            {
                var value = cells[_textPlaces[column]].Value;
                _texts[column] = value.IsNull ? "" : value.AsString();
            }

            encoding.Clock?.Encode(_times, _numbers.AsSpan(_numberPlaces.Length));
            encoding.Encode(_numbers, _texts, _features);
        }

        return _features;
    }

    private static ProtocolFailure Failure(Servable servable, string what) => new(
        StatusCode.FailedPrecondition, $"Model '{servable.Model.Name}' version {servable.Version} gives no reasons: {what}, and its inputs take others.");
}

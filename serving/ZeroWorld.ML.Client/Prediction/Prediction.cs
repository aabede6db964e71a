using System.Collections.Frozen;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Client;

/// <summary>An answer: who answered, and what for each row.</summary>
/// <remarks>Immutable and thread safe.</remarks>
public sealed class Prediction
{
    internal Prediction(PredictResponse response)
    {
        Response = response;
        var errors = response.RowErrors.ToFrozenDictionary(static error => (int)error.Row);
        Rows = [.. Enumerable.Range(0, WireColumn.CountRows(response)).Select(row => new PredictedRow(response, row, errors.GetValueOrDefault(row)))];
    }

    /// <summary>Names this answer in the prediction log.</summary>
    public string PredictionId => Response.PredictionId;

    public string Model => Response.Model;

    /// <summary>The version that answered.</summary>
    public long ModelVersion => Response.ModelVersion;

    /// <summary>In the order of the query.</summary>
    public IReadOnlyList<PredictedRow> Rows { get; }

    /// <summary>The answer as it came: columns.</summary>
    public PredictResponse Response { get; }
}

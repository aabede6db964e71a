using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Client;

/// <summary>One row of an answer. Immutable and thread safe.</summary>
public sealed class PredictedRow
{
    private readonly PredictResponse _response;
    private readonly int _row;

    internal PredictedRow(PredictResponse response, int row, RowError? error)
    {
        _response = response;
        _row = row;
        Error = error;
        Features = [.. response.Features.Select(column => new PredictedFeature(column, row))];
    }

    /// <summary>Why this row was not scored; <see langword="null"/> when it was.</summary>
    public RowError? Error { get; }

    /// <summary>Decision by the thresholds of the package; <see langword="null"/> when it has none or the row was not scored.</summary>
    public string? Decision => _row < _response.Decisions.Count && _response.Decisions[_row].Length > 0 ? _response.Decisions[_row] : null;

    /// <summary>In the order of the model's feature service; empty when the query left them out.</summary>
    public IReadOnlyList<PredictedFeature> Features { get; }

    /// <summary>A numeric output of one element per row, such as <c>probability</c>.</summary>
    /// <exception cref="ArgumentException">There is no such output, or it is no number.</exception>
    public double GetOutput(string name)
    {
        var column = _response.Outputs.FirstOrDefault(output => output.Name == name)
            ?? throw new ArgumentException($"There is no output '{name}'. Outputs: {string.Join(", ", _response.Outputs.Select(static output => output.Name))}.", nameof(name));
        return WireColumn.GetNumber(column, _row)
            ?? throw new ArgumentException($"Output '{name}' is not a number.", nameof(name));
    }
}

using System.Diagnostics.Metrics;

namespace ZeroWorld.ML.Features.Tests;

/// <summary>What the test that made this measures until it is disposed of: those beside it share the instruments.</summary>
internal sealed class OwnMeasurements : IDisposable
{
    private static readonly AsyncLocal<OwnMeasurements?> Current = new();

    private readonly MeterListener _listener;
    private readonly List<(string Name, double Value)> _values = [];

    public OwnMeasurements(string meter)
    {
        Current.Value = this;
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == meter)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Record(instrument, value));
        _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => Record(instrument, value));
        _listener.Start();
    }

    public IReadOnlyList<double> Of(string instrument) => [.. _values.Where(value => value.Name == instrument).Select(static value => value.Value)];

    public void Dispose() => _listener.Dispose();

    private void Record(Instrument instrument, double value)
    {
        if (Current.Value == this)
        {
            _values.Add((instrument.Name, value));
        }
    }
}

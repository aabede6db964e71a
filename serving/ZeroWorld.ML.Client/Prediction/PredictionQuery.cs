using Google.Protobuf;
using ZeroWorld.ML.V1;

namespace ZeroWorld.ML.Client;

/// <summary>What to predict: a model, the entities of each row, and the request values.</summary>
/// <remarks>
/// A column has one value, which stands for every row, or one value per row. Each method changes and returns this query. Not thread safe.
/// <code>
/// var query = new PredictionQuery("fraud").WithEntity("customer_id", 4961).WithEntity("terminal_id", 3412).WithValue("amount", 57.16);
/// </code>
/// </remarks>
public sealed class PredictionQuery
{
    private readonly PredictRequest _request;

    /// <param name="model">Name of the model.</param>
    /// <param name="project">Its project; empty for <c>default</c>.</param>
    public PredictionQuery(string model, string project = "") => _request = new PredictRequest { Model = model, Project = project };

    /// <summary>Asks for one version, whatever the aliases say.</summary>
    /// <param name="version">1 or more.</param>
    public PredictionQuery UseVersion(long version)
    {
        _request.Version = version;
        return this;
    }

    /// <summary>Asks for the version that an alias points at. Without either, the alias is <c>champion</c>.</summary>
    public PredictionQuery UseAlias(string alias)
    {
        _request.Alias = alias;
        return this;
    }

    /// <summary>Names the entities of the rows by an int64 key.</summary>
    public PredictionQuery WithEntity(string key, params ReadOnlySpan<long> values) => Add(_request.Entities, Int64(key, values));

    /// <summary>Names the entities of the rows by a string key.</summary>
    public PredictionQuery WithEntity(string key, params ReadOnlySpan<string> values) => Add(_request.Entities, Text(key, values));

    /// <summary>Gives a float64 request value.</summary>
    public PredictionQuery WithValue(string name, params ReadOnlySpan<double> values)
    {
        var column = new Column { Name = name, Float64S = new Float64Values() };
        foreach (var value in values)
        {
            column.Float64S.Values.Add(value);
        }

        return Add(_request.Request, column);
    }

    /// <summary>Gives an int64 request value.</summary>
    public PredictionQuery WithValue(string name, params ReadOnlySpan<long> values) => Add(_request.Request, Int64(name, values));

    /// <summary>Gives a string request value.</summary>
    public PredictionQuery WithValue(string name, params ReadOnlySpan<string> values) => Add(_request.Request, Text(name, values));

    /// <summary>Gives a bool request value.</summary>
    public PredictionQuery WithValue(string name, params ReadOnlySpan<bool> values)
    {
        var column = new Column { Name = name, Bools = new BoolValues() };
        foreach (var value in values)
        {
            column.Bools.Values.Add(value);
        }

        return Add(_request.Request, column);
    }

    /// <summary>Gives a bytes request value. The bytes are copied.</summary>
    public PredictionQuery WithValue(string name, params ReadOnlySpan<ReadOnlyMemory<byte>> values)
    {
        var column = new Column { Name = name, Bytes = new BytesValues() };
        foreach (var value in values)
        {
            column.Bytes.Values.Add(ByteString.CopyFrom(value.Span));
        }

        return Add(_request.Request, column);
    }

    /// <summary>Gives a timestamp request value; finer than microseconds is floored.</summary>
    public PredictionQuery WithValue(string name, params ReadOnlySpan<DateTimeOffset> values) => Add(_request.Request, Times(name, values));

    /// <summary>Gives a request value that is a list of int64: one list, or one per row. The elements are copied.</summary>
    public PredictionQuery WithList(string name, params ReadOnlySpan<long[]> lists)
    {
        var column = new Column { Name = name, Int64Lists = new Int64Lists() };
        foreach (var list in lists)
        {
            column.Int64Lists.Rows.Add(new Int64Values { Values = { list } });
        }

        return Add(_request.Request, column);
    }

    /// <summary>Gives a request value that is a list of float64, or a vector: one, or one per row. The elements are copied.</summary>
    public PredictionQuery WithList(string name, params ReadOnlySpan<double[]> lists)
    {
        var column = new Column { Name = name, Float64Lists = new Float64Lists() };
        foreach (var list in lists)
        {
            column.Float64Lists.Rows.Add(new Float64Values { Values = { list } });
        }

        return Add(_request.Request, column);
    }

    /// <summary>Gives a request value that is a list of strings: one list, or one per row.</summary>
    public PredictionQuery WithList(string name, params ReadOnlySpan<string[]> lists)
    {
        var column = new Column { Name = name, StringLists = new StringLists() };
        foreach (var list in lists)
        {
            column.StringLists.Rows.Add(new StringValues { Values = { list } });
        }

        return Add(_request.Request, column);
    }

    /// <summary>Sets the moment of the read; without it the server's clock is.</summary>
    public PredictionQuery At(params ReadOnlySpan<DateTimeOffset> times) => Add(_request.Request, Times("time", times));

    /// <summary>Leaves the feature columns out of the answer.</summary>
    public PredictionQuery OmitFeatures()
    {
        _request.OmitFeatures = true;
        return this;
    }

    /// <summary>Asks for reason codes: the columns that moved each row's score most.</summary>
    /// <param name="count">Per row, 0 to 100; 0 for none.</param>
    public PredictionQuery WithReasons(int count)
    {
        _request.Reasons = checked((uint)count);
        return this;
    }

    /// <summary>A copy of the request that this query stands for.</summary>
    public PredictRequest ToRequest() => _request.Clone();

    private PredictionQuery Add(Google.Protobuf.Collections.RepeatedField<Column> columns, Column column)
    {
        columns.Add(column);
        return this;
    }

    private static Column Int64(string name, ReadOnlySpan<long> values)
    {
        var column = new Column { Name = name, Int64S = new Int64Values() };
        foreach (var value in values)
        {
            column.Int64S.Values.Add(value);
        }

        return column;
    }

    private static Column Text(string name, ReadOnlySpan<string> values)
    {
        var column = new Column { Name = name, Strings = new StringValues() };
        foreach (var value in values)
        {
            column.Strings.Values.Add(value);
        }

        return column;
    }

    private static Column Times(string name, ReadOnlySpan<DateTimeOffset> values)
    {
        var column = new Column { Name = name, Timestamps = new TimestampValues() };
        foreach (var value in values)
        {
            column.Timestamps.Microseconds.Add(WireTime.ToMicroseconds(value));
        }

        return column;
    }
}

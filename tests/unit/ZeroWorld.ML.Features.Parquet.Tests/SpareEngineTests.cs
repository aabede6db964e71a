namespace ZeroWorld.ML.Features.Parquet.Tests;

public sealed class SpareEngineTests
{
    [Fact]
    public async Task Take_AfterPreparing_GivesTheSpareOnce()
    {
        var spare = new SpareEngine();
        await Task.WhenAll(spare.PrepareAsync(), spare.PrepareAsync());

        using var first = spare.Take();
        using var second = spare.Take();

        Assert.NotSame(first, second);
        Assert.Equal(1L, One(first));
        Assert.Equal(1L, One(second));

        static long One(DuckDB.NET.Data.DuckDBConnection connection)
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT 1::BIGINT";
            return (long)command.ExecuteScalar()!;
        }
    }

    [Fact]
    public async Task Session_OfASpare_HasTheSettingsOfItsOperation()
    {
        using var folder = new StoreFolder();
        var spare = new SpareEngine();
        await spare.PrepareAsync();

        using var session = new DuckDbSession(folder.Options, spare);
        using var rows = session.Query("SELECT current_setting('threads')::BIGINT, current_setting('autoload_known_extensions'), current_setting('temp_directory')", TestContext.Current.CancellationToken);

        Assert.True(rows.Read());
        Assert.Equal(folder.Options.ThreadCount, rows.GetInt64(0));
        Assert.False(rows.GetBool(1));
        Assert.StartsWith(folder.Options.SpillParent, rows.GetString(2), StringComparison.Ordinal);
    }
}

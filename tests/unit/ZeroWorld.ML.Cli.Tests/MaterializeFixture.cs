using ZeroWorld.ML.Cli.Tests;
using ZeroWorld.ML.Testing;

[assembly: AssemblyFixture(typeof(MaterializeFixture))]

namespace ZeroWorld.ML.Cli.Tests;

/// <summary>Data directories that tests of materialization read and none changes, each made by the first that needs it; and what an undisturbed run leaves of them.</summary>
public sealed class MaterializeFixture : IAsyncLifetime
{
    // No command runs in this one any more: what it holds stands still while it is copied.
    private readonly Lazy<Task<MaterializeData>> _original = new(MaterializeData.CreateAsync);
    private readonly Lazy<Task<MaterializeData>> _data;
    private readonly Lazy<Task<MaterializeData>> _appended;
    private readonly Lazy<Task<SortedDictionary<string, string>>> _rows;
    private readonly Lazy<Task<SortedDictionary<string, string>>> _appendedRows;

    public MaterializeFixture()
    {
        _data = new(CopyAsync);
        _appended = new(AppendAsync);
        _rows = new(() => MaterializeAsync(_data.Value));
        _appendedRows = new(() => MaterializeAsync(_appended.Value));
    }

    /// <summary>Two rows of each card.</summary>
    internal Task<MaterializeData> DataAsync() => _data.Value;

    /// <summary>Another one like it, which the caller may change.</summary>
    internal async Task<MaterializeData> CopyAsync() => (await _original.Value).Copy();

    /// <summary>A third one behind them.</summary>
    internal Task<MaterializeData> AppendedAsync() => _appended.Value;

    /// <summary>What a run of <see cref="DataAsync"/> leaves.</summary>
    internal Task<SortedDictionary<string, string>> RowsAsync() => _rows.Value;

    /// <summary>What a run of <see cref="AppendedAsync"/> leaves.</summary>
    internal Task<SortedDictionary<string, string>> AppendedRowsAsync() => _appendedRows.Value;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var data in (Lazy<Task<MaterializeData>>[])[_original, _data, _appended])
        {
            if (data.IsValueCreated && data.Value.IsCompletedSuccessfully)
            {
                (await data.Value).Dispose();
            }
        }
    }

    private static async Task<SortedDictionary<string, string>> MaterializeAsync(Task<MaterializeData> data)
    {
        await using var calm = await RedisServerProcess.StartAsync(TestContext.Current.CancellationToken);
        await (await data).SucceedAsync("materialize", "--redis", calm.Address);
        return await MaterializeData.DumpAsync(calm);
    }

    private async Task<MaterializeData> AppendAsync()
    {
        var appended = await CopyAsync();
        await appended.AppendAsync();
        return appended;
    }
}

using Microsoft.Extensions.Logging.Abstractions;
using ZeroWorld.ML.Features.Parquet;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Contract.Tests;

public sealed class DuckDbOfflineContractTests : OfflineContract, IClassFixture<DuckDbOfflineContractTests.Fixture>
{
    private readonly Fixture _fixture;

    public DuckDbOfflineContractTests(Fixture fixture) => _fixture = fixture;

    protected override string Folder => _fixture.Folder.Path;

    protected override IOfflineStore Open() => _fixture.Store;

    public sealed class Fixture : IDisposable
    {
        public Fixture() => Store = new DuckDbOfflineStore(
            new ParquetOfflineOptions { DataDirectory = Folder.Combine("data"), Threads = 2 }, TimeProvider.System, NullLogger<DuckDbOfflineStore>.Instance);

        public TempFolder Folder { get; } = new();

        public DuckDbOfflineStore Store { get; }

        public void Dispose() => Folder.Dispose();
    }
}

namespace ZeroWorld.ML.Features.Redis.Tests;

public sealed class RedisOnlineStoreTests(RedisFixture fixture) : OnlineStoreContract(fixture), IClassFixture<RedisFixture>;

public sealed class RedisClusterOnlineStoreTests(RedisClusterFixture fixture) : OnlineStoreContract(fixture), IClassFixture<RedisClusterFixture>;

public sealed class GarnetOnlineStoreTests(GarnetFixture fixture) : OnlineStoreContract(fixture), IClassFixture<GarnetFixture>;

namespace ZeroWorld.ML.Features.Redis.Tests;

public sealed class RedisOnlineStoreTests(RedisFixture fixture) : OnlineStoreContract(fixture), IClassFixture<RedisFixture>;

public sealed class RedisClusterOnlineStoreTests(RedisClusterFixture fixture) : OnlineStoreContract(fixture), IClassFixture<RedisClusterFixture>;

public sealed class GarnetOnlineStoreTests(GarnetFixture fixture) : OnlineStoreContract(fixture), IClassFixture<GarnetFixture>;

public sealed class RedisTlsOnlineStoreTests(RedisTlsFixture fixture) : OnlineStoreContract(fixture), IClassFixture<RedisTlsFixture>;

public sealed class RedisSentinelOnlineStoreTests(RedisSentinelFixture fixture) : OnlineStoreContract(fixture), IClassFixture<RedisSentinelFixture>;

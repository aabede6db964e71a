// Most of these tests wait for a server of another process: a time limit, a failover, a rebalance.
[assembly: Xunit.v3.Parallelization(MaxThreads = 6)]
